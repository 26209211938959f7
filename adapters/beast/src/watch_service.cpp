#include "watch_service.hpp"

#include <boost/asio/post.hpp>

#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace weir::detail {

namespace asio = boost::asio;

namespace {

// Young requests are looked at this often: the price of a precise arm_after would be a timer per request.
constexpr auto tick_interval = std::chrono::milliseconds(5);

/// What comes back with an event: the descriptor, and as much of the round as is needed to tell a late event.
std::uint64_t tag_of(const watch_entry& entry) noexcept {
  return static_cast<std::uint64_t>(static_cast<std::uint32_t>(entry.descriptor)) << 32 |
         static_cast<std::uint32_t>(entry.round);
}
int descriptor_of(std::uint64_t tag) noexcept { return static_cast<int>(tag >> 32); }

int make_epoll() {
  const int descriptor = ::epoll_create1(EPOLL_CLOEXEC);
  if (descriptor < 0) throw std::system_error(errno, std::system_category(), "client watch: epoll_create1");
  return descriptor;
}

} // namespace

watch_service::watch_service(asio::execution_context& context)
    : service(context),
      timer_(static_cast<asio::io_context&>(context)),
      epoll_(static_cast<asio::io_context&>(context), make_epoll()) {}

watch_service::~watch_service() = default;

void watch_service::shutdown() noexcept {
  const std::lock_guard lock(mutex_);
  shut_down_ = true;
  oldest_ = youngest_ = nullptr;
  armed_.clear();
}

void watch_service::link(watch_entry& entry) noexcept {
  entry.where = watch_entry::place::young;
  entry.before = youngest_;
  entry.after = nullptr;
  (youngest_ != nullptr ? youngest_->after : oldest_) = &entry;
  youngest_ = &entry;
}

void watch_service::unlink(watch_entry& entry) noexcept {
  (entry.before != nullptr ? entry.before->after : oldest_) = entry.after;
  (entry.after != nullptr ? entry.after->before : youngest_) = entry.before;
  entry.where = watch_entry::place::nowhere;
}

void watch_service::start(watch_entry& entry, int descriptor) {
  const std::lock_guard lock(mutex_);
  if (shut_down_) return;
  entry.descriptor = descriptor;
  entry.round = entry.watched_round = ++last_round_;
  entry.due = entry.watched->facts().received + entry.options.arm_after;
  link(entry);
  schedule_tick();
}

void watch_service::stop(watch_entry& entry) noexcept {
  const std::lock_guard lock(mutex_);
  if (shut_down_) return;
  if (entry.where == watch_entry::place::young) unlink(entry);
  if (entry.where == watch_entry::place::armed) {
    forget(entry);
    end_wait_if_idle();
  }
}

void watch_service::forget(watch_entry& entry) noexcept {
  // Fails if the descriptor was closed already, which took it out of the set.
  ::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_DEL, entry.descriptor, nullptr);
  armed_.erase(entry.descriptor);
  entry.where = watch_entry::place::nowhere;
}

void watch_service::schedule_tick() noexcept {
  if (ticking_ || oldest_ == nullptr) return;
  try {
    timer_.expires_after(tick_interval);
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) tick();
    });
    ticking_ = true;
  } catch (...) { // no memory: the next start() tries again
  }
}

void watch_service::tick() noexcept {
  const std::lock_guard lock(mutex_);
  ticking_ = false;
  const auto now = std::chrono::steady_clock::now();
  // Entries with a longer arm_after hold up those behind them, by at most their difference.
  while (oldest_ != nullptr && oldest_->due <= now) {
    watch_entry& due = *oldest_;
    unlink(due);
    arm(due);
  }
  schedule_tick();
}

void watch_service::arm(watch_entry& entry) noexcept {
  epoll_event event{};
  // Level-triggered: a client that had gone before this is seen, too. EPOLLERR and EPOLLHUP come unasked.
  event.events = entry.options.half_close == half_close_policy::cancel ? std::uint32_t{EPOLLRDHUP} : 0U;
  event.data.u64 = tag_of(entry);
  if (::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_ADD, entry.descriptor, &event) != 0) return;
  try {
    watch_entry*& place = armed_[entry.descriptor];
    // Its socket was closed while it was watched, and this is another of the same number.
    if (place != nullptr) place->where = watch_entry::place::nowhere;
    place = &entry;
    entry.where = watch_entry::place::armed;
  } catch (...) { // no memory: this request goes unwatched
    forget(entry);
  }
  wait_for_events();
}

void watch_service::wait_for_events() noexcept {
  if (waiting_ || armed_.empty()) return;
  try {
    epoll_.async_wait(asio::posix::descriptor_base::wait_read,
                      [this](const boost::system::error_code&) { take_events(); });
    waiting_ = true;
  } catch (...) { // no memory: the next arm() tries again
  }
}

/// A wait is work, and work keeps run() from returning.
void watch_service::end_wait_if_idle() noexcept {
  boost::system::error_code ignored;
  if (waiting_ && armed_.empty()) epoll_.cancel(ignored);
}

void watch_service::take_events() noexcept {
  const std::lock_guard lock(mutex_);
  waiting_ = false;
  std::array<epoll_event, 64> events{};
  const int count = ::epoll_wait(epoll_.native_handle(), events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    const auto found = armed_.find(descriptor_of(event.data.u64));
    if (found == armed_.end() || tag_of(*found->second) != event.data.u64) continue;
    watch_entry& entry = *found->second;
    const bool broken = (event.events & EPOLLERR) != 0;
    try {
      report(entry.shared_from_this(), entry.round,
             broken ? cancel_reason::client_reset : cancel_reason::client_closed);
    } catch (...) {
      // No memory: it stays in the set and comes again once the next arm() waits. To wait at once would be to spin.
      return;
    }
    forget(entry);
  }
  wait_for_events();
}

void watch_service::report(const std::shared_ptr<watch_entry>& entry, std::uint64_t round, cancel_reason reason) {
  asio::post(entry->executor, [entry, round, reason] {
    if (entry->watched != nullptr && entry->watched_round == round) entry->watched->cancel(reason);
  });
}

} // namespace weir::detail
