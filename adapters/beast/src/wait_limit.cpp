#include "wait_limit.hpp"

#include <boost/asio/basic_waitable_timer.hpp>

namespace weir::detail {

namespace {

using clock = std::chrono::steady_clock;

constexpr auto none = clock::time_point::max();

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
    if (clock::now() < due) return arm(due);
    due = none;
    has_passed = true;
    boost::system::error_code ignored;
    if (what == at_limit::close)
      socket.close(ignored);
    else
      socket.cancel(ignored);
  }

  server_socket& socket;
  boost::asio::basic_waitable_timer<clock, boost::asio::wait_traits<clock>, server_socket::executor_type> timer;
  clock::time_point armed_for = none; // none: it is not
  clock::time_point due = none;
  at_limit what = at_limit::cancel;
  bool has_passed = false;
};

wait_limit::wait_limit(server_socket& socket) : state_(std::make_shared<state>(socket)) {}

void wait_limit::begin(time_point when, at_limit what) {
  state_->has_passed = false;
  state_->what = what;
  state_->due = when;
  if (when < state_->armed_for) state_->arm(when);
}

bool wait_limit::has_passed() const noexcept { return state_->has_passed; }

bool wait_limit::end() noexcept {
  state_->due = none;
  return state_->has_passed;
}

} // namespace weir::detail
