// The end of a coroutine, told in any case.
#pragma once

#include <exception>
#include <memory>
#include <new>
#include <utility>

namespace weir::detail {

/// What co_spawn() calls at a coroutine's end: `Target::*Ended`, noexcept, with what was thrown and with the result.
/// Once, also for a coroutine that there was no memory for, to begin with or amid its way: Asio destroys that where
/// it stands, and this with it. Then std::bad_alloc has been thrown, and the result is empty.
template <class Target, auto Ended, class... Result>
class told_end {
 public:
  explicit told_end(std::shared_ptr<Target> to) noexcept : to_(std::move(to)) {}
  told_end(told_end&&) noexcept = default;
  told_end& operator=(told_end&&) = delete;
  ~told_end() {
    if (to_) (*this)(std::make_exception_ptr(std::bad_alloc()), Result()...);
  }

  void operator()(std::exception_ptr failure, Result... result) noexcept {
    const std::shared_ptr<Target> to = std::move(to_);
    (to.get()->*Ended)(std::move(failure), std::move(result)...);
  }

 private:
  std::shared_ptr<Target> to_; // until it is told
};

} // namespace weir::detail
