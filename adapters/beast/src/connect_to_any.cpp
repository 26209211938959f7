#include "connect_to_any.hpp"

#include "weir/asio/under.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

namespace weir::detail {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

// RFC 8305 section 5 recommends it.
constexpr std::chrono::milliseconds attempt_delay{250};

/// Attempts beside each other. What they tell comes when the one who waits for them may be gone.
class attempts : public std::enable_shared_from_this<attempts> {
 public:
  explicit attempts(asio::io_context& io) : io_(io), news_(io) {}

  void begin(const tcp::endpoint& to) {
    tcp::socket& socket = sockets_.emplace_back(io_);
    socket.async_connect(
        to, [self = shared_from_this(), &socket, to](const error_code& error) { self->note_end(socket, to, error); });
    ++under_way_;
  }

  /// Until one of them ends, `delay` is over, or the context ends. Throws std::system_error where that has ended
  /// before.
  asio::awaitable<void> wait(const context& ctx, std::optional<std::chrono::milliseconds> delay) {
    if (delay)
      news_.expires_after(*delay);
    else
      news_.expires_at(asio::steady_timer::time_point::max());
    // Is cancelled when there is news. As a tuple: newer versions of Asio end the process where they find no memory
    // for the exception.
    auto waiting = under(ctx, news_.async_wait(asio::as_tuple(asio::deferred)));
    co_await std::move(waiting);
  }

  std::size_t under_way() const noexcept { return under_way_; }
  /// The one that is connected, or nullptr.
  tcp::socket* connected() const noexcept { return connected_; }
  /// Why the last one failed, and whom it was to connect to.
  const error_code& error() const noexcept { return error_; }
  const tcp::endpoint& failed() const noexcept { return failed_; }

  void give_up() noexcept {
    error_code ignored;
    for (tcp::socket& each : sockets_) each.close(ignored);
  }

 private:
  void note_end(tcp::socket& socket, const tcp::endpoint& to, const error_code& error) {
    --under_way_;
    if (error) {
      error_ = error;
      failed_ = to;
      error_code ignored;
      socket.close(ignored); // there may be many addresses
    } else if (connected_ == nullptr) {
      connected_ = &socket;
    }
    news_.cancel();
  }

  asio::io_context& io_;
  std::deque<tcp::socket> sockets_; // which stay where they are
  std::size_t under_way_ = 0;
  tcp::socket* connected_ = nullptr;
  error_code error_;
  tcp::endpoint failed_;
  asio::steady_timer news_;
};

} // namespace

std::vector<tcp::endpoint> interleaved(std::vector<tcp::endpoint> found) {
  if (found.empty()) return found;
  const auto is_of_first = [family = found.front().protocol()](const tcp::endpoint& each) {
    return each.protocol() == family;
  };
  auto of_first = found.begin();
  auto of_other = std::ranges::find_if_not(found, is_of_first);
  std::vector<tcp::endpoint> all;
  while (all.size() < found.size()) {
    for (const bool first : {true, false}) {
      auto& next = first ? of_first : of_other;
      if (next == found.end()) continue;
      all.push_back(*next);
      next = std::find_if(next + 1, found.end(), [&](const auto& each) { return is_of_first(each) == first; });
    }
  }
  return all;
}

asio::awaitable<tcp::socket> connect_to_any(context ctx, asio::io_context& io, std::vector<tcp::endpoint> where) {
  const auto begun = std::make_shared<attempts>(io);
  struct end_of_all {
    attempts& of;
    ~end_of_all() { of.give_up(); }
  } const at_end{*begun};
  auto next = where.begin();
  while (begun->connected() == nullptr) {
    if (!ctx.done()) { // else wait() throws what it ended for
      if (next == where.end() && begun->under_way() == 0)
        throw boost::system::system_error(begun->error(), "connecting to " + begun->failed().address().to_string());
      if (next != where.end()) begun->begin(*next++);
    }
    auto waiting = begun->wait(ctx, next != where.end() ? std::optional(attempt_delay) : std::nullopt);
    co_await std::move(waiting);
  }
  co_return std::move(*begun->connected());
}

} // namespace weir::detail
