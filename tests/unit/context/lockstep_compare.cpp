// What the library's handles answer against what the model's do.
#include "lockstep.hpp"

#include "weir/log/carried_fields.hpp"

#include <map>
#include <system_error>

namespace weir_test {

using callback_state = reference_model::callback_state;

namespace {

std::map<std::string, int> read_fields(const weir::carried_fields* from) {
  std::map<std::string, int> all;
  if (!from) return all;
  weir::detail::for_each_carried(from->bytes(), [&](const weir::detail::argument_type& type, const std::byte* at) {
    all.emplace(type.key, weir::detail::codec<int>::read(at));
  });
  return all;
}

} // namespace

/// What each handle keeps alive.
std::vector<int> lockstep::handles() const {
  std::vector<int> all;
  for (const auto& slot : contexts_) all.push_back(slot.model);
  for (const auto& slot : cancellers_) all.push_back(slot.model);
  for (const auto& slot : functions_) all.push_back(slot.model);
  for (const auto& slot : pairs_) all.push_back(slot.model);
  for (const auto& slot : registrations_) {
    if (slot.callback != none) all.push_back(model_.callbacks()[slot.callback].source);
  }
  for (const auto& each : model_.callbacks()) {
    if (each.state == callback_state::waiting) all.push_back(each.captured);
  }
  return all;
}

void lockstep::compare() {
  for (const auto& slot : contexts_) compare(slot.real, slot.model);
  for (const auto& slot : pairs_) compare(slot.real.ctx, slot.model);
  for (const auto& slot : cancellers_) {
    if (static_cast<bool>(slot.real) != (slot.model != background)) differ("whether a canceller is empty");
  }
  for (const auto& slot : functions_) {
    if (static_cast<bool>(slot.real) != (slot.model != background)) differ("whether a cancel_function is empty");
  }
  for (const auto& slot : registrations_) {
    if (static_cast<bool>(slot.real) != (slot.callback != none)) differ("whether a registration is empty");
  }
  // Within a cascade what it is about to tell is still held.
  if (depth_ == 0) compare_destruction();
}

void lockstep::compare(const weir::context& real, int model) {
  const auto end = model_.end(model);
  if (real.done() != end.has_value()) differ("done()");
  if (real.error() != (end ? make_error_code(end->error) : std::error_code())) differ("error()");
  if (real.reason() != (end ? end->cause.reason : weir::cancel_reason::none)) differ("reason()");
  if (real.cause() != (end ? end->cause : weir::cancel_cause())) differ("cause()");
  if (real.can_be_done() != model_.can_be_done(model)) differ("can_be_done()");
  if (real.deadline() != model_.deadline(model)) differ("deadline()");
  compare_values(real, model);
  compare_ids(real, model);
}

void lockstep::compare_values(const weir::context& real, int model) {
  const auto same = [&](const int* given, int key) {
    const auto expected = model_.value(model, key);
    return (given != nullptr) == expected.has_value() && (!given || *given == *expected);
  };
  if (!same(real.value<first_key>(), 0) || !same(real.value<second_key>(), 1)) differ("value()");
  const std::string* const text = real.value<text_key>();
  const auto expected = model_.value(model, 2);
  if ((text != nullptr) != expected.has_value() || (text && *text != std::to_string(*expected)))
    differ("value() of a text");
}

void lockstep::compare_ids(const weir::context& real, int model) {
  const weir::correlation* const ids = real.ids();
  if ((ids != nullptr) != model_.has_ids(model)) return differ("whether there are ids()");
  if (!ids) return;
  if (ids->span_id != model_.span(model).value_or(0)) differ("ids()");
  if (read_fields(ids->fields) != model_.fields(model)) differ("fields");
}

void lockstep::compare_destruction() {
  model_.drop_all_but(handles());
  for (std::size_t id = 0; id < destroyed_.size(); ++id) {
    const bool gone = model_.callbacks()[id].state != callback_state::waiting;
    if (destroyed_[id] != (gone ? 1 : 0)) differ(gone ? "a callback is not destroyed" : "a callback is destroyed");
  }
}

} // namespace weir_test
