#include "lockstep.hpp"

#include <stdexcept>
#include <utility>

namespace weir_test {

using callback_state = reference_model::callback_state;

/// A callback that says what becomes of it.
class lockstep::probe {
 public:
  probe(lockstep& owner, int id, weir::context captured) : owner_(&owner), id_(id), captured_(std::move(captured)) {}
  probe(probe&& other) noexcept
      : owner_(std::exchange(other.owner_, nullptr)), id_(other.id_), captured_(std::move(other.captured_)) {}
  probe(const probe&) = delete;
  ~probe() {
    if (owner_) ++owner_->destroyed_[id_];
  }
  void operator()() { owner_->ran(id_); }

 private:
  lockstep* owner_;
  int id_;
  weir::context captured_;
};

void lockstep::register_callback() {
  note("on_done");
  const context_slot& with = any_parent();
  // One that keeps a context is not detached: it could keep its own.
  const context_slot captured = below(4) == 0 ? any(contexts_) : context_slot();
  const bool detach = captured.model == background && below(3) == 0;
  destroyed_.push_back(0);
  const int id = model_.add_callback(with.model, captured.model, handles());
  weir::done_registration made = with.real.on_done(probe(*this, id, captured.real));
  if (!model_.finish_cascade()) differ("a callback on a context that is done did not run at once");
  if (detach) return made.detach();
  set(any(registrations_), std::move(made), model_.callbacks()[id].state == callback_state::waiting ? id : none);
}

void lockstep::set(registration_slot& slot, weir::done_registration real, int callback) {
  model_.stop(std::exchange(slot.callback, callback));
  slot.real = std::move(real);
}

void lockstep::handle_registration() {
  registration_slot& slot = any(registrations_);
  switch (below(4)) {
  case 0:
    note("stop");
    if (model_.stop(std::exchange(slot.callback, none)) != slot.real.stop()) differ("what stop() says");
    return;
  case 1:
    if (slot.callback != none && model_.callbacks()[slot.callback].captured != background) return;
    note("detach");
    slot.callback = none;
    return slot.real.detach();
  case 2:
    note("destroy registration");
    return set(slot, {}, none);
  default:
    note("move registration");
    registration_slot& from = any(registrations_);
    const int moved = std::exchange(from.callback, none);
    model_.stop(std::exchange(slot.callback, moved)); // none if it is moved onto itself
    slot.real = std::move(from.real);
  }
}

void lockstep::ran(int callback) {
  if (const std::string wrong = model_.run(callback); !wrong.empty()) differ(wrong);
  history_ += " [";
  ++depth_;
  compare();
  if (depth_ <= deepest) {
    for (std::size_t steps = below(3); steps > 0; --steps) step();
  }
  --depth_;
  history_ += " ]";
  if (below(8) != 0) return;
  ++failures_;
  throw std::runtime_error("a callback's own failure");
}

} // namespace weir_test
