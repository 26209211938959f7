#include "watch_service.hpp"

#include "weir/http/connection_end.hpp"

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

// So many requests wait for the tick before any are swept out: a thread that runs the io_context finds fewer, mostly.
constexpr std::size_t swept_at_least = 1024;

/// What comes back with an event: the descriptor, and as much of the round as is needed to tell a late event.
std::uint64_t tag_of(int descriptor, std::uint64_t round) noexcept {
  return static_cast<std::uint64_t>(static_cast<std::uint32_t>(descriptor)) << 32 | static_cast<std::uint32_t>(round);
}
int descriptor_of(std::uint64_t tag) noexcept { return static_cast<int>(tag >> 32); }

/// Level-triggered: a client that had gone before this is seen, too. But once: what nobody knows any more, because
/// its descriptor was closed while another process has the connection, would come for ever. EPOLLERR and EPOLLHUP
/// come unasked.
std::uint32_t events_of(const watch_entry& entry) noexcept {
  return std::uint32_t{EPOLLONESHOT} |
         (entry.options.half_close == half_close_policy::cancel ? std::uint32_t{EPOLLRDHUP} : 0U);
}

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
  young_.clear();
  first_young_ = 0;
  armed_.clear();
}

std::shared_ptr<watch_entry> watch_service::enlist(asio::any_io_executor executor, client_watch_options options) {
  const std::lock_guard lock(mutex_);
  if (free_slots_.empty()) {
    // Room to take every slot back: dismiss() cannot fail.
    free_slots_.reserve(slots_.size() + 1);
    free_slots_.push_back(&slots_.emplace_back());
  }
  watch_slot& slot = *free_slots_.back();
  auto made = std::make_shared<watch_entry>(std::move(executor), options, slot);
  slot.entry = made.get();
  free_slots_.pop_back();
  return made;
}

void watch_service::dismiss(watch_entry& entry) noexcept {
  const std::lock_guard lock(mutex_);
  entry.slot.entry = nullptr;
  free_slots_.push_back(&entry.slot);
}

void watch_service::start(watch_entry& entry, int descriptor, exchange& watched, const std::function<void()>* look,
                          const void* connection) {
  entry.watched = &watched;
  entry.look = look;
  entry.connection = connection;
  entry.descriptor = descriptor;
  const auto due = watched.facts().received + entry.options.arm_after;
  const std::lock_guard lock(mutex_);
  if (shut_down_) return;
  if (young_.size() - first_young_ >= 2 * slots_.size() + swept_at_least) sweep_young();
  last_round_ += 2; // the lowest bit is `armed`
  try {
    young_.push_back({&entry.slot, last_round_, due});
  } catch (...) { // no memory: this request goes unwatched
    return;
  }
  // relaxed: tick() looks under the mutex, stop() on this executor.
  entry.slot.round.store(last_round_, std::memory_order_relaxed);
  schedule_tick();
}

void watch_service::stop(watch_entry& entry) noexcept {
  // acq_rel: with the exchange in tick(). Either that finds the request gone, or this finds it armed and waits, by
  // the mutex, until tick() has done with the entry.
  const std::uint64_t round = entry.slot.round.exchange(0, std::memory_order_acq_rel);
  if ((round & watch_slot::armed) != 0) {
    const std::lock_guard lock(mutex_);
    unlink(entry);
  }
  entry.watched = nullptr;
}

void watch_service::unlink(watch_entry& entry) noexcept {
  const auto found = armed_.find(entry.descriptor);
  if (found == armed_.end()) return;
  watch_entry** link = &found->second.first;
  while (*link != nullptr && *link != &entry) link = &(*link)->next;
  if (*link == nullptr) return; // its descriptor is another connection's by now
  *link = entry.next;
  if (found->second.first != nullptr) return;
  forget(entry.descriptor);
  end_wait_if_idle();
}

/// False, too, of one whose descriptor has become another connection's.
bool watch_service::is_armed(const watch_entry& entry) const noexcept {
  const auto found = armed_.find(entry.descriptor);
  if (found == armed_.end()) return false;
  for (const watch_entry* each = found->second.first; each != nullptr; each = each->next)
    if (each == &entry) return true;
  return false;
}

void watch_service::forget(int descriptor) noexcept {
  // Fails if the descriptor was closed already, which took it out of the set.
  ::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_DEL, descriptor, nullptr);
  armed_.erase(descriptor);
}

void watch_service::schedule_tick() noexcept {
  if (ticking_ || young_.empty()) return;
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
  // Requests with a longer arm_after hold up those behind them, by at most their difference.
  while (!young_.empty()) {
    const young_request first = young_[first_young_];
    // relaxed: what is over stays over.
    if (first.slot->round.load(std::memory_order_relaxed) == first.round) {
      if (first.due > now) break;
      std::uint64_t expected = first.round;
      // acq_rel: see stop(); relaxed on failure: the request is over.
      if (first.slot->round.compare_exchange_strong(expected, first.round | watch_slot::armed,
                                                    std::memory_order_acq_rel, std::memory_order_relaxed))
        arm(*first.slot->entry, first.round | watch_slot::armed);
    }
    drop_first_young();
  }
  schedule_tick();
}

void watch_service::drop_first_young() noexcept {
  ++first_young_;
  // At once when all are gone, else when that is half of them: each is moved once, on average.
  if (first_young_ * 2 < young_.size()) return;
  young_.erase(young_.begin(), young_.begin() + static_cast<std::ptrdiff_t>(first_young_));
  first_young_ = 0;
}

/// Where nobody runs the io_context, as in a server that blocks, no tick comes. Each slot has at most one request
/// that is not over: as many have to be begun again before the next sweep, so that each of them pays for its own.
void watch_service::sweep_young() noexcept {
  // relaxed: what is over stays over; it is start() that makes a round anew, under this mutex.
  std::erase_if(young_, [](const young_request& each) {
    return each.slot->round.load(std::memory_order_relaxed) != each.round;
  });
  first_young_ = 0;
}

void watch_service::arm(watch_entry& entry, std::uint64_t round) noexcept {
  epoll_event event{};
  event.events = events_of(entry);
  event.data.u64 = tag_of(entry.descriptor, round);
  const auto add_by = [&](int operation) {
    return ::epoll_ctl(epoll_.native_handle(), operation, entry.descriptor, &event) == 0;
  };
  const bool is_new = add_by(EPOLL_CTL_ADD);
  if (!is_new && errno != EEXIST) return;
  entry.round = round;
  entry.next = nullptr;
  const auto there = armed_.find(entry.descriptor);
  if (!is_new && there != armed_.end() && there->second.first->connection == entry.connection) {
    entry.next = std::exchange(there->second.first, &entry);
  } else {
    // What is there under this number is of a socket that was closed before its request was over; in the set, too, if
    // it was closed before it was armed. This one has begun later, so it counts.
    if (!is_new && !add_by(EPOLL_CTL_MOD)) return;
    try {
      armed_[entry.descriptor] = {&entry, round};
    } catch (...) { // no memory: this request goes unwatched
      forget(entry.descriptor);
      return;
    }
  }
  try {
    if (entry.look != nullptr) report_input(entry);
  } catch (...) { // no memory: nothing is read of this one
  }
  wait_for_events();
}

void watch_service::expect_input(const watch_entry& entry) noexcept {
  const std::lock_guard lock(mutex_);
  if (is_armed(entry))
    wait_on(entry.descriptor, events_of(entry) | EPOLLIN, armed_.find(entry.descriptor)->second.round);
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

/// After an event, as each comes but once.
void watch_service::wait_on(int descriptor, std::uint32_t events, std::uint64_t round) noexcept {
  epoll_event event{};
  event.events = events;
  event.data.u64 = tag_of(descriptor, round);
  ::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_MOD, descriptor, &event);
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
    if (found == armed_.end() || tag_of(found->first, found->second.round) != event.data.u64) continue;
    const auto [first, round] = found->second;
    const bool is_input = (event.events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) == 0;
    try {
      const cancel_reason reason = is_input ? cancel_reason::none : reason_of_end(found->first, event.events);
      for (watch_entry* each = first; each != nullptr; each = each->next) {
        if (!is_input)
          report(*each, reason);
        else if (each->look != nullptr)
          report_input(*each);
      }
    } catch (...) {
      // No memory. It comes again once the next arm() waits; to wait at once would be to spin.
      wait_on(found->first, event.events | EPOLLONESHOT, round);
      return;
    }
    if (is_input)
      wait_on(found->first, events_of(*first), round);
    else
      forget(found->first);
  }
  wait_for_events();
}

void watch_service::report_input(watch_entry& entry) {
  asio::post(entry.executor, [entry = entry.shared_from_this(), round = entry.round] {
    // relaxed: as in report().
    if (entry->slot.round.load(std::memory_order_relaxed) == round) (*entry->look)();
  });
}

void watch_service::report(watch_entry& entry, cancel_reason reason) {
  asio::post(entry.executor, [entry = entry.shared_from_this(), round = entry.round, reason] {
    // relaxed: start() and stop() run on this executor; tick() has armed the round and is done with it.
    if (entry->slot.round.load(std::memory_order_relaxed) == round) entry->watched->cancel(reason);
  });
}

} // namespace weir::detail
