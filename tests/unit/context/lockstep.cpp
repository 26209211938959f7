#include "lockstep.hpp"

#include "weir/context_fields.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <system_error>
#include <utility>

namespace weir_test {

using namespace std::chrono_literals;
using weir::cancel_cause;
using weir::cancel_reason;
using weir::context_errc;
using callback_state = reference_model::callback_state;

cancel_cause lockstep::any_cause() {
  static constexpr std::array reasons{cancel_reason::none, cancel_reason::client_closed, cancel_reason::deadline,
                                      cancel_reason::timeout, cancel_reason::shutdown};
  const cancel_reason reason = any(reasons);
  const std::error_code error = below(2) == 0 ? std::make_error_code(std::errc::broken_pipe) : std::error_code();
  return {reason, error, below(2) == 0 ? "cause " + std::to_string(++numbers_) : std::string()};
}

void lockstep::step() {
  static constexpr std::array operations{&lockstep::derive,
                                         &lockstep::derive,
                                         &lockstep::derive_with_end,
                                         &lockstep::derive_with_end,
                                         &lockstep::derive_with_end,
                                         &lockstep::cancel,
                                         &lockstep::cancel,
                                         &lockstep::pass_on_canceller,
                                         &lockstep::pass_on_canceller,
                                         &lockstep::handle_contexts,
                                         &lockstep::handle_contexts,
                                         &lockstep::register_callback,
                                         &lockstep::register_callback,
                                         &lockstep::register_callback,
                                         &lockstep::handle_registration,
                                         &lockstep::renew,
                                         &lockstep::retire,
                                         &lockstep::wait};
  (this->*any(operations))();
  compare();
}

void lockstep::finish() {
  note("| end");
  depth_ = deepest;
  for (auto& slot : contexts_) set(slot, {}, background);
  for (auto& slot : functions_) slot = {};
  for (auto& slot : cancellers_) end(std::exchange(slot.model, background), {}, [&] { slot.real = {}; });
  for (auto& slot : pairs_) end(std::exchange(slot.model, background), {}, [&] { slot.real = {}; });
  for (auto& slot : registrations_) set(slot, {}, none);
  depth_ = 0;
  compare();
  if (weir::task_failures() - failures_before_ != failures_) differ("how many failures were reported");
  for (const auto& each : model_.callbacks()) {
    if (each.state == callback_state::waiting) differ("a callback waits although nothing refers to its context");
  }
}

// Making contexts.

/// Mostly one that goes on, as all that is made below what has ended has ended.
const lockstep::context_slot& lockstep::any_parent() {
  const context_slot* found = &any(contexts_);
  for (int tries = 0; tries < 4 && model_.done(found->model); ++tries) found = &any(contexts_);
  return *found;
}

void lockstep::derive() {
  const context_slot& from = any_parent();
  context_slot& to = any(contexts_);
  const int number = static_cast<int>(++numbers_);
  switch (below(6)) {
  case 0:
    note("value");
    return set(to, weir::with_value<first_key>(from.real, number),
               model_.make({.parent = from.model, .value{{0, number}}}));
  case 1:
    note("value");
    return set(to, weir::with_value<second_key>(from.real, number),
               model_.make({.parent = from.model, .value{{1, number}}}));
  case 2:
    note("value");
    return set(to, weir::with_value<text_key>(from.real, std::to_string(number)),
               model_.make({.parent = from.model, .value{{2, number}}}));
  case 3:
    note("ids");
    return set(to, weir::with_correlation(from.real, {1, 2, numbers_}),
               model_.make({.parent = from.model, .span = numbers_}));
  case 4:
    note("fields");
    if (below(2) == 0)
      return set(to, weir::with_fields(from.real, weir::field<"a">(number)),
                 model_.make({.parent = from.model, .fields = {{"a", number}}}));
    return set(to, weir::with_fields(from.real, weir::field<"b">(number), weir::field<"a">(-number)),
               model_.make({.parent = from.model, .fields = {{"b", number}, {"a", -number}}}));
  default:
    note("without_cancel");
    // Of what cannot be ended it is the same context.
    if (!model_.can_be_done(from.model)) return set(to, weir::without_cancel(from.real), from.model);
    return set(to, weir::without_cancel(from.real), model_.make({.parent = from.model, .without_cancel = true}));
  }
}

void lockstep::derive_with_end() {
  const context_slot& from = any_parent();
  reference_model::made_context made{.parent = from.model, .can_end = true};
  // Few different ones, so that there are equal ones; one is past.
  static constexpr std::array ahead{-1h, 1h, 2h, 3h, 4h};
  const auto hours = any(ahead);
  cancel_cause cause = any_cause();
  weir::cancellable real;
  switch (below(5)) {
  case 0:
    note("with_cancel");
    return put(weir::with_cancel(from.real), model_.make(made));
  case 1:
    note("with_cancel+ids");
    made.span = ++numbers_;
    return put(weir::with_cancel(from.real, {1, 2, numbers_}), model_.make(made));
  case 2: {
    note("with_stop_token");
    stop_slot& by = any(stops_);
    by.real = std::stop_source();
    by.model = model_.make(made);
    by.cause = cause;
    if (below(4) == 0) end(by.model, cause, [&] { by.real.request_stop(); });
    return put(weir::with_stop_token(from.real, by.real.get_token(), cause), by.model);
  }
  case 3:
    note("with_deadline");
    made.deadline = began_ + hours;
    real = weir::with_deadline(from.real, began_ + hours, cause);
    if (cause.reason == cancel_reason::none) cause.reason = cancel_reason::deadline;
    break;
  default: {
    note("with_timeout");
    const auto before = weir::context::clock::now();
    real = weir::with_timeout(from.real, hours, cause);
    const auto after = weir::context::clock::now();
    // Somewhere between the two, if it is not its parent's.
    const auto given = real.ctx.deadline().value_or(weir::context::time_point::max());
    made.deadline = std::clamp(given, before + hours, after + hours);
    if (cause.reason == cancel_reason::none) cause.reason = cancel_reason::timeout;
  }
  }
  if (!cause.error) cause.error = context_errc::deadline_exceeded;
  const int model = model_.make(made);
  model_.begin_cascade(hours < 0h ? model : background, context_errc::deadline_exceeded, cause, handles());
  model_.finish_cascade();
  put(std::move(real), model);
}

void lockstep::put(weir::cancellable made, int model) {
  set(any(contexts_), std::move(made.ctx), model);
  switch (below(5)) {
  case 0: {
    // Its scope is left.
    note("and leave");
    return end(model, {}, [&] { const weir::canceller left = std::move(made.cancel); });
  }
  case 1:
    note("and release");
    return made.cancel.release();
  default:
    canceller_slot& to = any(cancellers_);
    return end(std::exchange(to.model, model), {}, [&] { to.real = std::move(made.cancel); });
  }
}

void lockstep::set(context_slot& slot, weir::context real, int model) {
  slot.model = model;
  slot.real = std::move(real);
}

// Ending them.

template <typename Real>
void lockstep::end(int target, cancel_cause cause, Real real) {
  std::vector<int> held = handles();
  held.push_back(target);
  end(target, std::move(cause), std::move(real), held);
}

template <typename Real>
void lockstep::end(int target, cancel_cause cause, Real real, const std::vector<int>& held) {
  if (cause.reason == cancel_reason::none) cause.reason = cancel_reason::application;
  if (!cause.error) cause.error = context_errc::canceled;
  model_.begin_cascade(target, context_errc::canceled, std::move(cause), held);
  real();
  if (!model_.finish_cascade()) differ("a callback that was due did not run");
}

template <typename Cancel>
void lockstep::cancel_by(const Cancel& real, int model) {
  cancel_cause cause = any_cause();
  switch (below(3)) {
  case 0:
    note("cancel()");
    return end(model, {}, [&] { real(); });
  case 1:
    note("cancel(reason)");
    return end(model, {cause.reason}, [&] { real(cause.reason); });
  default:
    note("cancel(cause)");
    return end(model, cause, [&] { real(cause); });
  }
}

void lockstep::cancel() {
  switch (below(5)) {
  case 0: {
    note("stop");
    stop_slot& by = any(stops_);
    const stop_slot asked = std::exchange(by, {});
    return end(
        asked.model, asked.cause, [&] { asked.real.request_stop(); }, handles());
  }
  case 1: {
    const function_slot& by = any(functions_);
    return cancel_by(by.real, by.model);
  }
  case 2: {
    const pair_slot& by = any(pairs_);
    return cancel_by(by.real.cancel, by.model);
  }
  default:
    const canceller_slot& by = any(cancellers_);
    return cancel_by(by.real, by.model);
  }
}

void lockstep::pass_on_canceller() {
  canceller_slot& from = any(cancellers_);
  switch (below(5)) {
  case 0: {
    note("share");
    function_slot& to = any(functions_);
    to.model = from.model;
    to.real = from.real.share();
    return;
  }
  case 1:
    note("release");
    from.model = background;
    return from.real.release();
  case 2:
    note("leave");
    return end(std::exchange(from.model, background), {}, [&] { const weir::canceller left = std::move(from.real); });
  case 3:
    note("reset");
    return end(std::exchange(from.model, background), {}, [&] { from.real = {}; });
  default: {
    note("move canceller");
    canceller_slot& to = any(cancellers_);
    const int moved = std::exchange(from.model, background);
    const int before = std::exchange(to.model, moved); // none if it is moved onto itself
    return end(before, {}, [&] { to.real = std::move(from.real); });
  }
  }
}

// Handles.

void lockstep::handle_contexts() {
  context_slot& from = any(contexts_);
  context_slot& to = any(contexts_);
  switch (below(8)) {
  case 0:
    note("copy");
    to.model = from.model;
    to.real = from.real;
    return;
  case 1: {
    note("move");
    const int moved = std::exchange(from.model, background);
    to.model = moved;
    to.real = std::move(from.real);
    return;
  }
  case 2:
    note("drop");
    return set(to, {}, background);
  case 3:
  case 4: {
    note("copy from pair");
    const pair_slot& pair = any(pairs_);
    return set(to, pair.real.ctx, pair.model);
  }
  default:
    note("compare");
    if ((from.real == to.real) != (from.model == to.model)) differ("the equality of two handles");
  }
}

void lockstep::wait() {
  note("wait");
  const context_slot& on = any(contexts_);
  const bool done = model_.done(on.model);
  if (on.real.wait_for(-1h) != done || on.real.wait_until(began_) != done) differ("the result of a limited wait");
  if ((done || !model_.can_be_done(on.model)) && on.real.wait() != done) differ("the result of a wait");
}

// Contexts that begin again.

void lockstep::renew() {
  note("renew");
  pair_slot& slot = any(pairs_);
  const context_slot& parent = any_parent();
  const std::uint64_t span = ++numbers_;
  const int made = model_.make({.parent = parent.model, .can_end = true, .span = span});
  end(std::exchange(slot.model, made), {}, [&] { weir::renew(slot.real, parent.real, {1, 2, span}); });
}

void lockstep::retire() {
  // Within a cascade, that may be who else holds it.
  if (depth_ > 0) return;
  note("retire");
  const pair_slot& slot = any(pairs_);
  const std::vector<int> all = handles();
  const bool alone = std::count(all.begin(), all.end(), slot.model) == 1 && !model_.is_observed(slot.model);
  end(alone ? background : slot.model, {}, [&] { weir::retire(slot.real); });
}

} // namespace weir_test
