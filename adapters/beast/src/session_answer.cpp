// What a session sends: whole answers, streamed ones, and those in place of a handler that has run out of time.
#include "session.hpp"

#include "content_fields.hpp"
#include "current_date.hpp"
#include "heads.hpp"
#include "told_end.hpp"
#include "weir/beast/request_scope.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/empty_body.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace weir::detail {

namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

/// RFC 9110 sections 15.3.5 and 15.4.5: such a response ends with its header.
bool has_no_body(unsigned status) noexcept { return status == 204 || status == 304; }

/// RFC 9110 section 15.3.6: such a response has a body, of no bytes.
bool has_empty_body(unsigned status) noexcept { return status == 205; }

/// RFC 9110 sections 7.8 and 15.5.22: what a 426 asks for stands in Upgrade, of which Connection says that it is for
/// this connection.
template <class Fields>
void offer_upgrade(http::response_header<Fields>& head) {
  if (head.result() != http::status::upgrade_required || head.count(http::field::upgrade) == 0) return;
  const auto options = head[http::field::connection];
  head.set(http::field::connection, options.empty() ? "upgrade" : std::string(options) + ", upgrade");
}

} // namespace

/// Whether the request's own time is over, the caller's or the server's, and nobody has been answered yet.
bool session::is_late() const noexcept { return exchange_ && !response_->started() && is_out_of_time(ctx()); }

/// What conclude() does for nearly all requests, without a coroutine. Nothing if there is more to be done.
std::optional<bool> session::conclude_at_once(bool keep_alive) {
  if (early_ || response_->started() || ctx().done() || body_ == body_state::deserted) return std::nullopt;
  begin_whole(keep_alive);
  error_code error;
  if (!connection_.send_at_once(response_->message_, error)) return std::nullopt;
  return end_whole(error, keep_alive);
}

/// Sees to it that the response is complete, as far as anybody waits for it.
asio::awaitable<bool> session::conclude(bool keep_alive) {
  if (early_) {
    co_await await_early();
    co_return false;
  }
  if (body_ == body_state::deserted) co_return false;
  if (whole_) {
    const error_code error = co_await connection_.send(response_->message_, *limits_->progress_timeout);
    co_return end_whole(error, keep_alive);
  }
  if (is_late()) {
    response_->clear_content().error(exchange_->status_if_late(), took_too_long);
    co_return co_await send_whole(keep_alive);
  }
  if (!response_->started()) {
    // Time-out middleware ends a context of its own; the request's own is done when there is nobody left to answer.
    if (ctx().done()) co_return false;
    co_return co_await send_whole(keep_alive);
  }
  co_return co_await end_stream(keep_alive);
}

/// Whether nothing but the end of the connection tells the client where the body ends (RFC 9112 section 6.3).
bool session::ends_with_connection(const http_response& response) const noexcept {
  return response.open_ended_ && !response.chunked_ && !is_head();
}

asio::awaitable<bool> session::end_stream(bool keep_alive) {
  const http_response& response = *response_;
  if (response.broken_) co_return false;
  if (response.open_ended_) {
    if (request_.ctx().done()) co_return false;
    if (response.chunked_ && !is_head()) {
      constexpr std::string_view last_chunk = "0\r\n\r\n";
      std::size_t written = 0;
      const connection::pieces end{asio::buffer(last_chunk)};
      const error_code error = co_await connection_.write(end, *limits_->progress_timeout, request_.ctx(), written);
      if (error) {
        note_failed_write(error);
        co_return false;
      }
    }
  } else if (response.sent_ != response.announced_ && !is_head()) {
    co_return false;
  }
  if (ends_with_connection(response)) connection_.reset_at_end(false);
  if (exchange_) exchange_->response_completed();
  co_return (keep_alive && (!response.open_ended_ || response.chunked_));
}

/// The header that the session has a say in, and as much of the body as the client is to get.
void session::prepare(http_response::message_type& message, bool keep_alive) const {
  message.version(request_.message_.version());
  message.keep_alive(keep_alive);
  offer_upgrade(message.base());
  if (has_empty_body(message.result_int())) message.body().clear();
  if (has_no_body(message.result_int())) {
    message.body().clear();
    message.content_length(boost::none);
  } else if (is_head()) {
    // Of a handler of HEAD's own that gives no body it is not known how long GET's is (RFC 9110 section 8.6).
    if (message.body().empty() && !has_empty_body(message.result_int()))
      message.content_length(boost::none);
    else
      message.content_length(message.body().size());
    message.body().clear();
  } else {
    message.prepare_payload();
  }
  complete_header(message);
}

void session::begin_whole(bool keep_alive) {
  auto& message = response_->message_;
  prepare(message, keep_alive);
  // Nothing has been waited for since the handler returned.
  if (exchange_) exchange_->response_started(message.result_int(), exchange_->facts().handler_returned);
  response_->started_ = true;
  whole_ = true;
}

bool session::end_whole(const error_code& error, bool keep_alive) noexcept {
  whole_ = false;
  if (error) {
    note_failed_write(error);
    return false;
  }
  if (exchange_) {
    exchange_->add_response_bytes(response_->message_.body().size());
    exchange_->response_completed();
  }
  return keep_alive;
}

asio::awaitable<bool> session::send_whole(bool keep_alive) {
  begin_whole(keep_alive);
  const error_code error = co_await connection_.send(response_->message_, *limits_->progress_timeout);
  co_return end_whole(error, keep_alive);
}

// The connection then ends: nobody else is to wait, on it, for a handler that does not heed its context.

void session::answer_early(const context& over, std::string_view body) {
  // While the body is read, it is the reading that ends, and after it the request is answered.
  if (receives_ || !is_out_of_time(over)) return;
  if (response_->started_) {
    if (response_->open_ended_) response_->broken_ = true; // cut off here, it is not to look whole
    return;
  }
  // What takes memory comes first: where there is none, the client is answered when the handler returns.
  auto answer = std::make_unique<early_sending>(executor());
  auto& message = answer->message;
  message.base() = response_->message_.base();
  erase_content_fields(message);
  const unsigned status = status_when_late(over.reason());
  message.result(status);
  message.set(http::field::content_type, "text/plain; charset=utf-8");
  message.body() = body;
  prepare(message, false);
  // From now on the handler's own writes fail.
  response_->started_ = response_->broken_ = true;
  if (exchange_) {
    exchange_->timed_out(over.reason(), *over.deadline());
    exchange_->response_started(status);
    watch_->stop();
  }
  early_ = std::move(answer);
  try {
    // Not amid the call: send_early() may be made first, and find no memory.
    told_end<session, &session::end_early> at_end(shared_from_this());
    asio::co_spawn(executor(), send_early(), std::move(at_end));
  } catch (const std::exception&) { // which is told by then
  }
}

void session::end_early(const std::exception_ptr& failure) noexcept {
  if (failure) {
    connection_.close(); // no answer will come
    try {
      give_up(failure);
    } catch (const std::exception&) { // nor is there memory to say so
    }
  }
  early_->is_over = true;
  early_->over.cancel();
}

asio::awaitable<void> session::send_early() {
  const error_code error = co_await connection_.send(early_->message, *limits_->progress_timeout);
  if (error) co_return; // the outcome is settled, and the connection ends anyway
  if (exchange_) {
    exchange_->add_response_bytes(early_->message.body().size());
    exchange_->response_completed();
  }
  connection_.shutdown_send();
}

asio::awaitable<void> session::await_early() {
  error_code ignored;
  while (!early_->is_over) co_await early_->over.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  lingers_ = true;
}

/// What every response has, unless its handler has set it.
void session::complete_header(http::fields& response) const {
  if (response.find(http::field::date) == response.end()) response.set(http::field::date, to_beast(current_date()));
  if (exchange_) set_request_id(response, exchange_->facts().request_id);
}

void session::note_failed_write(const error_code& error) noexcept {
  response_->broken_ = true;
  // An interrupted write says nothing of the client: the context that ended, perhaps a time limit's, has its own
  // reason.
  if (error == asio::error::operation_aborted && request_.ctx().done()) return;
  if (exchange_) exchange_->cancel(reason_of(error));
}

asio::awaitable<std::error_code> session::start_streaming(http_response& response,
                                                          std::optional<std::uint64_t> content_length) {
  if (request_.ctx().done()) co_return request_.ctx().error();
  if (response.started_) co_return std::make_error_code(std::errc::already_connected);
  const bool bodyless = has_no_body(response.status());
  if ((bodyless || has_empty_body(response.status())) && content_length.value_or(1) != 0)
    co_return std::make_error_code(std::errc::message_size);
  http::response<http::empty_body> head(std::move(response.message_.base()));
  head.version(request_.message_.version());
  head.keep_alive(may_keep_alive() && goes_on());
  response.open_ended_ = !content_length;
  response.chunked_ = !content_length && head.version() >= 11;
  if (bodyless)
    head.content_length(boost::none);
  else if (content_length)
    head.content_length(*content_length);
  else if (response.chunked_)
    head.chunked(true);
  else
    head.keep_alive(false);
  offer_upgrade(head.base());
  complete_header(head);
  if (ends_with_connection(response)) connection_.reset_at_end(true);
  response.started_ = true;
  response.announced_ = content_length.value_or(0);
  if (exchange_) exchange_->response_started(head.result_int());

  interrupt_at_end_of(request_.ctx());
  const error_code error = co_await connection_.send_header(head, *limits_->progress_timeout);
  if (error) note_failed_write(error);
  co_return error;
}

asio::awaitable<std::error_code> session::write_part(http_response& response, asio::const_buffer part) {
  if (request_.ctx().done()) {
    if (response.open_ended_) response.broken_ = true; // cut off here, it is not to look whole
    co_return request_.ctx().error();
  }
  if (!response.started_ || response.broken_) co_return std::make_error_code(std::errc::not_connected);
  if (!response.open_ended_ && part.size() > response.announced_ - response.sent_)
    co_return std::make_error_code(std::errc::message_size);
  if (part.size() == 0) co_return std::error_code(); // a chunk of no size would be the last
  if (is_head()) {
    // Nobody wants it: a handler that writes without end is told so, and lets others have the thread meanwhile.
    if (response.open_ended_) co_return std::make_error_code(std::errc::message_size);
    response.sent_ += part.size();
    // The token proposes no executor of its own: without this one, the system's threads would carry on.
    co_await asio::post(executor(), bind_ambient(slot(), asio::use_awaitable));
    co_return std::error_code();
  }
  std::array<char, 20> digits;
  std::string_view before, behind;
  if (response.chunked_) { // RFC 9112 section 7.1
    before = {digits.data(), fmt::format_to_n(digits.data(), digits.size(), "{:x}\r\n", part.size()).size};
    behind = "\r\n";
  }
  std::size_t written = 0;
  const connection::pieces pieces{asio::buffer(before), part, asio::buffer(behind)};
  const error_code error = co_await connection_.write(pieces, *limits_->progress_timeout, request_.ctx(), written);
  const std::size_t of_part = std::min(written - std::min(written, before.size()), part.size());
  response.sent_ += of_part;
  if (exchange_) exchange_->add_response_bytes(of_part);
  if (!error) co_return std::error_code();
  note_failed_write(error);
  if (request_.ctx().done()) co_return request_.ctx().error();
  co_return error;
}

} // namespace weir::detail
