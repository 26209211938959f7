#include "call_poller.hpp"

#include "start_thread.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace weir::detail {

namespace {

constexpr auto interval = std::chrono::milliseconds(10);

} // namespace

call_poller::call_poller() : thread_(start_thread("weir-grpc", [this] { run(); })) {}

call_poller::~call_poller() {
  {
    const std::lock_guard hold(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void call_poller::add(polled_call& call) {
  const std::lock_guard hold(mutex_);
  calls_.push_back(&call);
  if (calls_.size() == 1) changed_.notify_one();
}

void call_poller::remove(const polled_call& call) noexcept {
  std::unique_lock hold(mutex_);
  std::erase(calls_, &call);
  // Woken by ask_all(), when the callbacks that the answer may have called have run.
  answered_.wait(hold, [&] { return asked_ != &call; });
}

void call_poller::ask_all(std::unique_lock<std::mutex>& hold) noexcept {
  // Each is taken from the front and put to the back: others may come and go while the lock is open.
  for (std::size_t left = calls_.size(); left != 0 && !calls_.empty(); --left) {
    calls_.splice(calls_.end(), calls_, calls_.begin());
    asked_ = calls_.back();
    hold.unlock();
    const bool is_over = asked_->ask();
    hold.lock();
    if (is_over) calls_.remove(asked_);
    asked_ = nullptr;
    answered_.notify_all();
  }
}

void call_poller::run() noexcept {
  std::unique_lock hold(mutex_);
  while (!stopping_) {
    if (calls_.empty()) {
      changed_.wait(hold); // woken by add() and the destructor
      continue;
    }
    changed_.wait_for(hold, interval); // woken by the destructor
    if (!stopping_) ask_all(hold);
  }
}

} // namespace weir::detail
