#include "wait_limit.hpp"

#include <boost/asio/basic_waitable_timer.hpp>

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace weir::detail {

namespace {

using clock = std::chrono::steady_clock;

constexpr auto none = clock::time_point::max();

// How often, in the time of a write, the peer is looked at; and what was found before the first look.
constexpr int looks = 4;
constexpr int nothing_yet = -1;

/// How many bytes of what was written the peer has not acknowledged; the most there are if that is not known.
int bytes_not_taken(server_socket& socket) noexcept {
  int bytes = 0;
  return ::ioctl(socket.native_handle(), SIOCOUTQ, &bytes) == 0 ? bytes : std::numeric_limits<int>::max();
}

} // namespace

struct wait_limit::state : std::enable_shared_from_this<state> {
  explicit state(server_socket& whose) : socket(whose), timer(whose.get_executor()) {}

  void arm(clock::time_point when) {
    timer.expires_at(when);
    timer.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      if (error) return;
      if (const auto self = weak.lock()) self->look();
    });
    armed_for = when;
  }

  /// The timer has gone off, perhaps one that was set anew since: what counts is the time.
  void look() {
    armed_for = none;
    if (due == none) return;
    const auto now = clock::now();
    if (now >= due && time_of_write.count() != 0) due = next_look(now);
    if (now < due) return arm(due);
    due = none;
    has_passed = true;
    boost::system::error_code ignored;
    if (what == at_limit::close)
      socket.close(ignored);
    else
      socket.cancel(ignored);
  }

  /// Of the limit of a write: not behind `now` if it has passed. While a write waits, nothing is added to what the
  /// peer has yet to take in. The first look has nothing to compare with: a write that ends before it costs none.
  clock::time_point next_look(clock::time_point now) noexcept {
    const int before = std::exchange(not_taken, bytes_not_taken(socket));
    if (before == nothing_yet || not_taken < before) passes = now + time_of_write;
    return std::min(passes, now + time_of_write / looks);
  }

  server_socket& socket;
  boost::asio::basic_waitable_timer<clock, boost::asio::wait_traits<clock>, server_socket::executor_type> timer;
  clock::time_point armed_for = none; // none: it is not
  clock::time_point due = none;
  at_limit what = at_limit::cancel;
  clock::duration time_of_write{0}; // 0: it is not that of a write, of which the next two are
  clock::time_point passes{};       // unless the peer takes something in
  int not_taken = nothing_yet;
  bool has_passed = false;
};

wait_limit::wait_limit(server_socket& socket) : state_(std::make_shared<state>(socket)) {}

void wait_limit::begin(time_point when, at_limit what) {
  state_->has_passed = false;
  state_->what = what;
  state_->due = when;
  state_->time_of_write = {};
  if (when < state_->armed_for) state_->arm(when);
}

void wait_limit::begin_write(std::chrono::milliseconds time) {
  const clock::duration whole = time;
  begin(clock::now() + whole / looks, at_limit::close);
  state_->time_of_write = whole;
  state_->not_taken = nothing_yet;
}

bool wait_limit::has_passed() const noexcept { return state_->has_passed; }

bool wait_limit::end() noexcept {
  state_->due = none;
  return state_->has_passed;
}

} // namespace weir::detail
