// What the timer thread knows of a thing that is to happen at a point in time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace weir::detail {

/// Embedded in its owner. The functions are plain pointers, not virtual, as the timer thread may call pin() while the
/// owner's destructor waits for it to let go.
class timer {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// pin: called under the timer thread's lock; keeps the owner alive for expire, or returns false if it is too late.
  /// expire: called without a lock if pin returned true; ends by giving back what pin took.
  struct functions {
    bool (*pin)(timer&) noexcept;
    void (*expire)(timer&) noexcept;
  };

  timer(time_point due, const functions& calls) noexcept : due_(due), calls_(calls) {}
  timer(const timer&) = delete;
  timer& operator=(const timer&) = delete;

  time_point due() const noexcept { return due_; }
  bool pin() noexcept { return calls_.pin(*this); }
  void expire() noexcept { calls_.expire(*this); }

 protected:
  /// While it does not run.
  void set_due(time_point due) noexcept { due_ = due; }

 private:
  friend class timer_heap;
  static constexpr std::size_t nowhere = static_cast<std::size_t>(-1);

  time_point due_;
  const functions& calls_;
  std::uint64_t order_ = 0;
  std::size_t position_ = nowhere;
};

} // namespace weir::detail
