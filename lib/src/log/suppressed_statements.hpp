// The statements whose limits hold something back: who tells how many, if no record of theirs does.
#pragma once

#include "weir/log/limited_statement.hpp"

#include <atomic>
#include <chrono>
#include <utility>

namespace weir::detail {

/// From now on nothing is waited for: the process ends, its own stream stays. Set before a flush.
inline constinit std::atomic<bool> process_is_ending{false};

/// Looks at each statement once in an interval. One whose count has not changed since the last look is not called any
/// more, or has found nothing to let pass for long: nobody else is going to tell. What is told then counts as
/// reported, and the statement is watched again from the next call that is held back.
///
/// add() is thread-safe; all else is the backend's.
class suppressed_statements {
 public:
  static constexpr auto interval = std::chrono::seconds(5);
  using time = std::chrono::steady_clock::time_point;

  /// False if the statement is watched already, maybe by another stream.
  bool add(limited_statement& statement) noexcept {
    // acquire: pairs with the release in visit(); whoever watched it is done with its members.
    if (statement.watched.exchange(true, std::memory_order_acquire)) return false;
    if (statement.hold != nullptr) statement.hold(statement, true);
    // relaxed: checked below.
    statement.next = added_.load(std::memory_order_relaxed);
    // release: pairs with the acquire in take_in(); the link is there.
    while (!added_.compare_exchange_weak(statement.next, &statement, std::memory_order_release,
                                         std::memory_order_relaxed)) {
    }
    return true;
  }

  bool is_empty() const noexcept {
    // relaxed: who adds one rings the backend.
    return watched_ == nullptr && added_.load(std::memory_order_relaxed) == nullptr;
  }

  /// Calls tell(statement, count), which must not throw, for what is to be told at `now`. Where it returns false, the
  /// count is told the next time.
  template <class Tell>
  void look(time now, Tell tell) noexcept {
    if (is_empty()) return;
    // acquire: pairs with the release at the process's end; what was added before is there.
    if (process_is_ending.load(std::memory_order_acquire)) return end(tell);
    if (watched_ == nullptr) next_look_ = now + interval;
    take_in();
    if (now < next_look_) return;
    next_look_ = now + interval;
    visit([&](limited_statement& each) {
      const std::uint64_t count = each.untold + each.unreported(each.limit);
      if (std::exchange(each.seen, count) != count) return false;
      return count == 0 || tell_of(each, tell);
    });
  }

  /// The same at the stream's end: whatever there is.
  template <class Tell>
  void end(Tell tell) noexcept {
    take_in();
    visit([&](limited_statement& each) {
      tell_of(each, tell);
      return true;
    });
  }

 private:
  void take_in() noexcept {
    // acquire: pairs with the release in add().
    for (limited_statement* each = added_.exchange(nullptr, std::memory_order_acquire); each != nullptr;) {
      limited_statement* const next = std::exchange(each->next, watched_);
      each->seen = each->untold = 0;
      watched_ = std::exchange(each, next);
    }
  }

  template <class Tell>
  static bool tell_of(limited_statement& one, Tell& tell) noexcept {
    one.untold += one.take_unreported(one.limit);
    if (one.untold != 0 && !tell(std::as_const(one), one.untold)) return false;
    one.untold = 0;
    return true;
  }

  /// Lets go of those for which `done` returns true.
  template <class Done>
  void visit(Done done) noexcept {
    for (limited_statement** link = &watched_; *link != nullptr;) {
      limited_statement& each = **link;
      if (!done(each)) {
        link = &each.next;
        continue;
      }
      *link = each.next;
      auto* const hold = each.hold;
      // release: pairs with the acquire in add(). A call that is counted just now may still see it watched: the next
      // one has it told.
      each.watched.store(false, std::memory_order_release);
      if (hold != nullptr) hold(each, false);
    }
  }

  std::atomic<limited_statement*> added_{nullptr};
  limited_statement* watched_ = nullptr;
  time next_look_{};
};

} // namespace weir::detail
