#include "connection.hpp"

#include "flat_response.hpp"
#include "heads.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/buffers_suffix.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/read_size.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <utility>

namespace weir::detail {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using clock = std::chrono::steady_clock;

namespace {

// A header is read in steps of Beast's, which begin small, as most connections wait for one; a body in larger ones.
constexpr std::size_t most_at_once = 64 * 1024, body_step = 16 * 1024;
// A buffer that has grown beyond this goes with its request.
constexpr std::size_t idle_buffer = 4 * 1024;

// How long a client that was sent an error may go on sending until the connection is closed under it, and how much at
// a time, with a pause behind it: one that never stops does not take up the thread.
constexpr auto lingering_time = std::chrono::seconds(1);
constexpr std::size_t lingering_bytes = 256 * 1024;
constexpr auto lingering_pause = std::chrono::milliseconds(10);

} // namespace

connection::connection(server_socket socket, const server_options& options, const ambient_slot* slot)
    : options_(options),
      slot_(slot),
      socket_(std::move(socket)),
      buffer_(std::size_t{options.header_limit_bytes} + most_at_once) {
  error_code ignored; // of a connection that has gone: the first operation says so
  socket_.non_blocking(true, ignored);
}

/// Gives the parser what is there. need_more if that was not enough.
connection::error_code connection::parse(parser& incoming) {
  error_code error;
  buffer_.consume(incoming.take(buffer_.data(), error));
  return error;
}

connection::awaitable_error connection::read_some(std::size_t room) {
  if (limit_.has_passed()) co_return boost::beast::error::timeout;
  auto [failed, bytes] = co_await socket_.async_read_some(buffer_.prepare(room), token());
  buffer_.commit(bytes);
  if (failed && limit_.has_passed()) co_return boost::beast::error::timeout;
  co_return failed;
}

connection::awaitable_error connection::read_header(parser& incoming, clock::time_point now) {
  if (buffer_.size() == 0 && buffer_.capacity() > idle_buffer) buffer_.shrink_to_fit();
  header_began_ = {};
  error_code error = parse(incoming); // a client may have sent it ahead, behind the request before
  waited_ = error == http::error::need_more;
  while (error == http::error::need_more && !incoming.got_some()) {
    if (!expects_more_) co_return asio::error::shut_down;
    if (now == clock::time_point()) now = clock::now();
    limit_.begin(std::exchange(now, {}) + options_.idle_timeout, at_limit::close);
    const std::size_t room = boost::beast::read_size(buffer_, most_at_once);
    auto [failed, bytes] = co_await socket_.async_read_some(buffer_.prepare(room), token());
    if (limit_.end()) co_return boost::beast::error::timeout;
    if (failed) co_return failed;
    buffer_.commit(bytes);
    error = parse(incoming);
  }
  if (error == http::error::need_more) error = co_await read_rest_of_header(incoming);
  co_return error;
}

connection::awaitable_error connection::read_rest_of_header(parser& incoming) {
  // Once, so that a client which sends a byte at a time gains nothing. The connection stays open at its end, as at
  // that of the body's limits: the client is to be told.
  header_began_ = clock::now();
  limit_.begin(header_began_ + options_.header_timeout, at_limit::cancel);
  error_code error = http::error::need_more;
  while (error == http::error::need_more) {
    const std::size_t room = boost::beast::read_size(buffer_, most_at_once);
    if (!expects_more_)
      error = asio::error::shut_down;
    else if (room == 0)
      error = http::error::buffer_overflow;
    else
      error = co_await read_some(room);
    if (!error) error = parse(incoming);
    if (error == asio::error::operation_aborted && !expects_more_) error = asio::error::shut_down;
  }
  limit_.end();
  co_return error;
}

connection::awaitable_error connection::read_body(parser& incoming, const head_type& head, const route_limits& limits,
                                                  const context& ctx) {
  if (incoming.content_length().value_or(0) > *limits.body_limit_bytes) co_return http::error::body_limit;
  incoming.body_limit(*limits.body_limit_bytes);
  if (expects_invitation(head))
    if (const error_code error = co_await invite(head.version(), *limits.progress_timeout)) co_return error;
  co_return co_await read_data(incoming, limits, ctx);
}

bool connection::may_skip_body(const parser& incoming, const head_type& head) {
  return !expects_invitation(head) && incoming.content_length().value_or(0) <= lingering_bytes;
}

connection::awaitable_error connection::skip_body(parser& incoming, const route_limits& limits) {
  incoming.body_limit(std::min<std::uint64_t>(*limits.body_limit_bytes, lingering_bytes));
  const context endless;
  co_return co_await read_data(incoming, limits, endless);
}

connection::awaitable_error connection::read_data(parser& incoming, const route_limits& limits, const context& ctx) {
  const auto end = limits.body_timeout->count() == 0 ? clock::time_point::max() : clock::now() + *limits.body_timeout;
  incoming.eager(true);
  error_code error;
  while (!error && !incoming.is_done()) {
    error = parse(incoming);
    if (error != http::error::need_more) continue;
    if (ctx.done()) {
      error = asio::error::operation_aborted;
    } else if (buffer_.size() >= options_.header_limit_bytes) {
      // The parser takes the body's data out at once: this is the line before a chunk, or the trailers.
      error = http::error::buffer_overflow;
    } else {
      limit_.begin(std::min(end, clock::now() + *limits.progress_timeout), at_limit::cancel);
      const std::size_t room = std::min(buffer_.max_size() - buffer_.size(), body_step);
      error = co_await read_some(room);
    }
  }
  limit_.end();
  co_return error;
}

/// RFC 9110 section 15.2.1.
connection::awaitable_error connection::invite(unsigned version, std::chrono::milliseconds limit) {
  http::response<http::empty_body> go_on(http::status::continue_, version);
  co_return co_await send_header(go_on, limit);
}

bool connection::send_at_once(const http_response::message_type& message, error_code& error) {
  flat_response flat;
  if (!flat.fill(message)) return false;
  std::size_t written = 0;
  // Who sends many requests at once has to wait in turn, or the others on this thread would.
  if (waited_) written = socket_.write_some(asio::buffer(flat.bytes()), error);
  if (error == asio::error::would_block) error = {};
  if (error || written == flat.bytes().size()) return true;
  unsent_ = flat.bytes().substr(written);
  return false;
}

connection::awaitable_error connection::send(http_response::message_type& message, std::chrono::milliseconds limit) {
  if (!unsent_.empty()) {
    const std::string rest = std::exchange(unsent_, {});
    const pieces all{asio::buffer(rest)};
    const context endless;
    std::size_t written = 0;
    co_return co_await write(all, limit, endless, written);
  }
  http::response_serializer<http::string_body> outgoing(message);
  while (!outgoing.is_done()) {
    limit_.begin_write(limit);
    auto [error, written] = co_await http::async_write_some(socket_, outgoing, token());
    if (limit_.end()) co_return boost::beast::error::timeout;
    if (error) co_return error;
  }
  co_return error_code();
}

connection::awaitable_error connection::write(pieces from, std::chrono::milliseconds limit, const context& ctx,
                                              std::size_t& written) {
  boost::beast::buffers_suffix<pieces> rest(from);
  written = 0;
  // Step by step, as a cancel is lost between two steps of asio::async_write.
  while (asio::buffer_size(rest) != 0) {
    if (ctx.done()) co_return asio::error::operation_aborted;
    limit_.begin_write(limit);
    auto [error, bytes] = co_await socket_.async_write_some(rest, token());
    rest.consume(bytes);
    written += bytes;
    if (limit_.end()) co_return boost::beast::error::timeout;
    if (error) co_return error;
  }
  co_return error_code();
}

void connection::reset_at_end(bool resets) noexcept {
  // Not as Asio's option: its sockets take that one back when they are destroyed.
  const linger at_once{.l_onoff = resets ? 1 : 0, .l_linger = 0};
  ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  resets_at_end_ = resets;
}

void connection::shutdown_send() noexcept {
  if (resets_at_end_) return;
  error_code ignored;
  socket_.shutdown(server_socket::shutdown_send, ignored);
}

void connection::cancel() noexcept {
  error_code ignored;
  socket_.cancel(ignored);
}

void connection::close() noexcept {
  error_code ignored;
  socket_.close(ignored);
}

asio::awaitable<void> connection::drain() {
  if (resets_at_end_) co_return;
  // Once, for all of it.
  limit_.begin(lingering_time, at_limit::close);
  std::array<char, 4096> discarded;
  asio::steady_timer pause(executor());
  for (std::size_t since_pause = 0;;) {
    auto [error, bytes] = co_await socket_.async_read_some(asio::buffer(discarded), token());
    if (error) co_return;
    since_pause += bytes;
    if (since_pause < lingering_bytes) continue;
    since_pause = 0;
    pause.expires_after(lingering_pause);
    co_await pause.async_wait(token());
  }
}

} // namespace weir::detail
