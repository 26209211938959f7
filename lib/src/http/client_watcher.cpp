#include "weir/http/client_watcher.hpp"

#include "last_error.hpp"
#include "start_thread.hpp"
#include "weir/http/connection_end.hpp"

#include <fmt/format.h>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <unordered_map>

namespace weir {

namespace {

using clock = std::chrono::steady_clock;

/// What an event of the wake-up descriptor carries; watches are numbered from 1.
constexpr std::uint64_t wake_up = 0;

class file_descriptor {
 public:
  file_descriptor(int value, const char* made_by) : value_(value) {
    if (value < 0) throw std::system_error(detail::last_error(), made_by);
  }
  file_descriptor(const file_descriptor&) = delete;
  file_descriptor& operator=(const file_descriptor&) = delete;
  ~file_descriptor() { ::close(value_); }
  int get() const noexcept { return value_; }

 private:
  const int value_;
};

int milliseconds_until(clock::time_point due) noexcept {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(due - clock::now());
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

} // namespace

struct client_watcher::shared {
  explicit shared(client_watch_options given);
  ~shared();

  void add(watch& started) noexcept;
  void remove(watch& stopped) noexcept;

  const client_watch_options options;

 private:
  void wake() noexcept;
  void run() noexcept;
  void unlink(watch& young) noexcept;
  void arm_those_due() noexcept;
  void arm(watch& young) noexcept;
  void report(const epoll_event& event, std::unique_lock<std::mutex>& hold) noexcept;

  const file_descriptor epoll_;
  const file_descriptor wake_;
  std::mutex mutex_;
  // In the order in which they were made, which is that in which they are due.
  watch *first_young_ = nullptr, *last_young_ = nullptr;
  // By number, as an event may come late: its watch gone, its descriptor another connection's.
  std::unordered_map<std::uint64_t, watch*> armed_;
  std::uint64_t last_number_ = 0;
  bool sleeps_ = false; // without a limit
  bool stopping_ = false;
  const watch* reporting_ = nullptr;
  std::condition_variable reported_;
  std::thread thread_;
};

client_watcher::shared::shared(client_watch_options given)
    : options(given),
      epoll_(::epoll_create1(EPOLL_CLOEXEC), "client watcher: epoll_create1"),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "client watcher: eventfd") {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = wake_up;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) != 0)
    throw std::system_error(detail::last_error(), "client watcher: epoll_ctl");
  thread_ = detail::start_thread("weir-watch", [this] { run(); });
}

client_watcher::shared::~shared() {
  {
    const std::lock_guard hold(mutex_);
    stopping_ = true;
  }
  wake();
  thread_.join();
}

void client_watcher::shared::wake() noexcept {
  const std::uint64_t one = 1;
  // Fails only if the counter is full, and then the thread is being woken already.
  [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
}

void client_watcher::shared::add(watch& started) noexcept {
  const std::lock_guard hold(mutex_);
  // Read under the lock, so that the list is in order of time.
  started.due_ = clock::now() + options.arm_after;
  started.before_ = last_young_;
  (last_young_ ? last_young_->after_ : first_young_) = &started;
  last_young_ = &started;
  // Once in arm_after at most: from then on the thread has a time to wake up at by itself.
  if (sleeps_) {
    sleeps_ = false;
    wake();
  }
}

void client_watcher::shared::unlink(watch& young) noexcept {
  (young.before_ ? young.before_->after_ : first_young_) = young.after_;
  (young.after_ ? young.after_->before_ : last_young_) = young.before_;
}

void client_watcher::shared::remove(watch& stopped) noexcept {
  std::unique_lock hold(mutex_);
  if (stopped.number_ == 0) return unlink(stopped);
  // Fails if nothing is left to be taken out.
  if (armed_.erase(stopped.number_) != 0) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, stopped.descriptor_, nullptr);
  // Woken by report(), which ends as soon as the callbacks of the request's context have run.
  reported_.wait(hold, [&] { return reporting_ != &stopped; });
}

void client_watcher::shared::arm(watch& young) noexcept {
  young.number_ = ++last_number_;
  epoll_event event{};
  // Level-triggered: a client that had gone before this is seen, too. But once: one report is enough. EPOLLERR and
  // EPOLLHUP come unasked.
  event.events = std::uint32_t{EPOLLONESHOT} |
                 (options.half_close == half_close_policy::cancel ? std::uint32_t{EPOLLRDHUP} : 0U);
  event.data.u64 = young.number_;
  try {
    armed_.emplace(young.number_, &young);
  } catch (...) { // no memory: this request goes unwatched
    return;
  }
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, young.descriptor_, &event) != 0) armed_.erase(young.number_);
}

void client_watcher::shared::arm_those_due() noexcept {
  const auto now = clock::now();
  while (first_young_ != nullptr && first_young_->due_ <= now) {
    watch& young = *first_young_;
    unlink(young);
    arm(young);
  }
}

void client_watcher::shared::report(const epoll_event& event, std::unique_lock<std::mutex>& hold) noexcept {
  const auto found = armed_.find(event.data.u64);
  if (found == armed_.end()) return;
  watch& gone = *found->second;
  armed_.erase(found);
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, gone.descriptor_, nullptr);
  reporting_ = &gone;
  const cancel_reason reason = detail::reason_of_end(gone.descriptor_, event.events);
  hold.unlock();
  gone.watched_.cancel(reason);
  hold.lock();
  reporting_ = nullptr;
  reported_.notify_all();
}

void client_watcher::shared::run() noexcept {
  std::array<epoll_event, 64> events;
  std::unique_lock hold(mutex_);
  while (!stopping_) {
    arm_those_due();
    sleeps_ = first_young_ == nullptr;
    const int limit = sleeps_ ? -1 : milliseconds_until(first_young_->due_);
    hold.unlock();
    // Woken by a client that goes, by add() and by the destructor.
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), limit);
    hold.lock();
    sleeps_ = false;
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      if (event.data.u64 == wake_up) {
        std::uint64_t ignored;
        [[maybe_unused]] const auto taken = ::read(wake_.get(), &ignored, sizeof ignored);
      } else {
        report(event, hold);
      }
    }
  }
}

client_watcher::client_watcher(client_watch_options options) {
  if (options.arm_after < std::chrono::milliseconds(1) || options.arm_after > std::chrono::seconds(1))
    throw std::invalid_argument(
        fmt::format("client_watch_options.arm_after is {} ms: it must be from 1 to 1000", options.arm_after.count()));
  shared_ = std::make_unique<shared>(options);
}

client_watcher::~client_watcher() = default;

client_watcher::watch::watch(client_watcher& watcher, int descriptor, exchange& watched) noexcept
    : shared_(*watcher.shared_), watched_(watched), descriptor_(descriptor) {
  shared_.add(*this);
}

client_watcher::watch::~watch() { shared_.remove(*this); }

} // namespace weir
