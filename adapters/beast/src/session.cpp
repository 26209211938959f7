#include "session.hpp"

#include "heads.hpp"
#include "weir/asio/bind_ambient.hpp"
#include "weir/beast/request_scope.hpp"
#include "weir/log/macros.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_suffix.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/write.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

namespace weir::detail {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {

/// For the session's own operations: resumes it with its slot's context, and gives the error instead of throwing it.
auto within(const ambient_slot* slot) { return bind_ambient(slot, asio::as_tuple(asio::use_awaitable)); }

// How long, and how much, a client that was sent an error may go on sending until the connection is closed under it.
constexpr auto lingering_time = std::chrono::seconds(1);
constexpr std::size_t lingering_bytes = 256 * 1024;

/// The status for a request that could not be read; 0 if it is the connection that failed.
unsigned status_for(const boost::system::error_code& error) noexcept {
  if (error == http::error::header_limit || error == http::error::buffer_overflow) return 431;
  if (error == http::error::body_limit) return 413;
  if (error == http::error::end_of_stream || error == http::error::partial_message) return 0;
  static const auto& http_errors = http::make_error_code(http::error::bad_method).category();
  return error.category() == http_errors ? 400 : 0;
}

/// RFC 9110 sections 15.3.5 and 15.4.5: such a response ends with its header.
bool has_no_body(unsigned status) noexcept { return status == 204 || status == 304; }

/// What was thrown, for the log.
std::string text_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "unknown exception";
  }
}

} // namespace

session::session(asio::ip::tcp::socket socket, const server_setup& setup, session_list& list)
    : setup_(setup),
      list_(list),
      stream_(std::move(socket)),
      buffer_(std::size_t{setup.options.header_limit_bytes} + 64 * 1024),
      peer_(peer_text(stream_.socket())) {
  if (setup_.options.observer != nullptr) {
    exchange_.emplace(*setup_.options.observer);
    watch_.emplace(stream_.get_executor(), setup_.options.watch);
  } else {
    unobserved_ = with_cancel({});
  }
  request_.peer_ = peer_;
  list_.all.insert(this);
}

session::~session() {
  finish_exchange();
  list_.all.erase(this);
  if (list_.all.empty() && list_.on_empty) list_.on_empty();
}

void session::start() {
  const auto ended = [self = shared_from_this()](const std::exception_ptr& escaped) {
    if (escaped) self->give_up(text_of(escaped));
  };
  // The executor is for what handlers await; the session's own operations resume it by bind_ambient(), which costs
  // less. Around the io_context's own executor, not the stream's type-erased one: that is small enough to be held in
  // place.
  auto& io = static_cast<asio::io_context&>(asio::query(stream_.get_executor(), asio::execution::context));
  if (exchange_)
    asio::co_spawn(asio::any_io_executor(ambient_executor(io.get_executor(), slot_)), run(), ended);
  else
    asio::co_spawn(stream_.get_executor(), run(), ended);
}

/// Something was thrown that no handler is to blame for: memory ran out, or a header became too long. The connection
/// goes with the session; a request under way counts as failed, and its record says why.
void session::give_up(std::string_view what) {
  if (setup_.options.log != nullptr) WEIR_ERROR(*setup_.options.log, "connection given up: {}", what);
  if (exchange_ && exchange_->is_open()) exchange_->handler_threw(what);
}

// Closing is for good. A cancel would miss an operation that is between two of its steps, and then it waits on.

void session::wind_down() {
  winding_down_ = true;
  if (!under_way_) stream_.close();
}

void session::cut_off() {
  winding_down_ = true;
  if (exchange_) {
    exchange_->cancel(cancel_reason::shutdown);
    watch_->stop();
  } else {
    unobserved_.cancel(cancel_reason::shutdown);
  }
  stream_.close();
}

void session::interrupt::operator()() const {
  const auto self = target.lock();
  // It comes by post: the request may be over, or be going on under another context.
  if (self && self->under_way_ && self->round_ == round && self->request_.ctx().done()) self->stream_.cancel();
}

asio::awaitable<void> session::run() {
  while (!winding_down_ && co_await serve_one()) {
  }
  error_code ignored;
  stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

/// One request and its response. True if the connection can take another.
asio::awaitable<bool> session::serve_one() {
  parser incoming;
  incoming.header_limit(setup_.options.header_limit_bytes);
  incoming.body_limit(setup_.options.body_limit_bytes);
  stream_.expires_after(setup_.options.idle_timeout);
  auto [error, bytes] = co_await http::async_read_header(stream_, buffer_, incoming, within(slot()));
  if (winding_down_) co_return false;
  under_way_ = true;
  ++round_;
  if (error) {
    if (const unsigned status = status_for(error)) co_await reject(incoming, status, error.message());
    co_return false;
  }
  // RFC 9112 section 3.2.
  const auto hosts = incoming.get().count(http::field::host);
  if (hosts > 1 || (hosts == 0 && incoming.get().version() >= 11)) {
    co_await reject(incoming, 400, hosts == 0 ? "no Host header" : "several Host headers");
    co_return false;
  }

  begin_exchange(incoming);
  came_whole_ = incoming.is_done();
  if (exchange_ && exchange_->expired_on_arrival()) co_return co_await refuse_expired(incoming);
  if (error = co_await read_body(incoming); error) {
    if (const unsigned status = status_for(error))
      co_await reject(incoming, status, error.message());
    else if (exchange_)
      exchange_->cancel(reason_of(error));
    finish_exchange();
    co_return false;
  }
  const bool keep_alive = incoming.get().keep_alive();
  request_.message_ = incoming.release();
  if (exchange_) exchange_->add_request_bytes(request_.message_.body().size());
  co_await handle();
  const bool again = co_await conclude(keep_alive && !winding_down_);
  finish_exchange();
  under_way_ = false;
  co_return again;
}

void session::begin_exchange(const parser& incoming) {
  if (!exchange_) return;
  const auto& head = incoming.get();
  request_headers headers(exchange_->observer());
  take_all(headers, head);
  exchange_->begin({.method = to_view(head.method_string()),
                    .target = to_view(head.target()),
                    .peer = peer_,
                    .version = head.version(),
                    .headers = &headers});
  slot_->set(exchange_->ctx());
  watch_->start(stream_.socket().native_handle(), *exchange_);
}

void session::finish_exchange() noexcept {
  interrupt_.reset();
  if (!exchange_) return;
  watch_->stop();
  // Held on to, the context could not be renewed for the next request.
  request_.ctx_ = {};
  slot_->set({});
  exchange_->finish();
}

asio::awaitable<session::error_code> session::read_body(parser& incoming) {
  const auto& head = incoming.get();
  // RFC 9110 section 10.1.1: a client of HTTP/1.0 does not know what it asks for.
  if (!incoming.is_done() && head.version() >= 11 &&
      http::token_list(head[http::field::expect]).exists("100-continue")) {
    http::response<http::empty_body> go_on(http::status::continue_, head.version());
    stream_.expires_after(setup_.options.idle_timeout);
    if (auto [error, bytes] = co_await http::async_write(stream_, go_on, within(slot())); error) co_return error;
  }
  incoming.eager(true);
  while (!incoming.is_done()) {
    stream_.expires_after(setup_.options.idle_timeout);
    if (auto [error, bytes] = co_await http::async_read_some(stream_, buffer_, incoming, within(slot())); error)
      co_return error;
  }
  co_return error_code();
}

/// Runs middleware and handler; whatever they throw ends here.
asio::awaitable<void> session::handle() {
  request_.slot_ = exchange_ ? slot_.get() : nullptr;
  request_.observed_ = exchange_ ? &*exchange_ : nullptr;
  request_.ctx_ = ctx();
  response_.emplace(*this);
  match_ = setup_.routes.find(request_.method(), request_.path(), request_.params_);
  if (exchange_) {
    exchange_->set_route(match_.path_template);
    exchange_->handler_started(came_whole_ ? exchange_->facts().received : exchange_record::time_point());
  }

  std::exception_ptr thrown;
  try {
    co_await run_chain(0);
  } catch (...) {
    thrown = std::current_exception();
  }
  if (exchange_) exchange_->handler_returned();
  if (!thrown) co_return;
  if (is_late()) note_lateness(); // what such a handler often ends with
  const std::string what = text_of(thrown);
  if (exchange_) exchange_->handler_threw(what);
  if (setup_.options.log != nullptr)
    WEIR_ERROR(*setup_.options.log, "handler threw: {}", what, field<"http.route">(match_.path_template));
  if (response_->started())
    response_->broken_ = true;
  else
    response_->clear().error(500, "internal error");
}

asio::awaitable<void> session::run_chain(std::size_t index) {
  if (index < setup_.middleware.size()) {
    // A variable of its own: GCC 12 destroys a lambda's captures twice if it is made within the co_await.
    next_handler rest([this, index] { return run_chain(index + 1); });
    co_await setup_.middleware[index](request_, *response_, std::move(rest));
  } else if (match_.handler != nullptr) {
    co_await (*match_.handler)(request_, *response_);
  } else if (!match_.allow.empty()) {
    response_->error(405, "method not allowed").header("Allow", match_.allow);
  } else {
    response_->error(404, "not found");
  }
}

/// Its caller had given up when it came: the handler does not run. A body that is still to come ends the connection.
asio::awaitable<bool> session::refuse_expired(parser& incoming) {
  exchange_->refused(cancel_reason::deadline);
  const bool keep_alive = came_whole_ && incoming.get().keep_alive() && !winding_down_;
  request_.message_ = incoming.release();
  request_.ctx_ = ctx();
  response_.emplace(*this);
  response_->error(504, "the deadline had passed");
  const bool again = co_await send_whole(keep_alive);
  finish_exchange();
  under_way_ = false;
  if (!came_whole_) co_await close_gently();
  co_return again;
}

/// Whether the request's own time is over, the caller's or the server's, and nobody has been answered yet.
bool session::is_late() const noexcept {
  if (!exchange_ || response_->started() || !ctx().done() || !ctx().deadline()) return false;
  return ctx().reason() == cancel_reason::deadline || ctx().reason() == cancel_reason::timeout;
}

void session::note_lateness() noexcept { exchange_->timed_out(ctx().reason(), *ctx().deadline()); }

/// Sees to it that the response is complete, as far as anybody waits for it.
asio::awaitable<bool> session::conclude(bool keep_alive) {
  if (is_late()) {
    note_lateness();
    response_->clear().error(ctx().reason() == cancel_reason::deadline ? 504 : 503, "the request took too long");
    co_return co_await send_whole(keep_alive);
  }
  if (!response_->started()) {
    // Time-out middleware ends a context of its own; the request's own is done when there is nobody left to answer.
    if (ctx().done()) co_return false;
    co_return co_await send_whole(keep_alive);
  }
  co_return co_await end_stream(keep_alive);
}

asio::awaitable<bool> session::end_stream(bool keep_alive) {
  const http_response& response = *response_;
  if (response.broken_) co_return false;
  if (response.open_ended_) {
    if (request_.ctx().done()) co_return false;
    if (response.chunked_ && !is_head()) {
      constexpr std::string_view last_chunk = "0\r\n\r\n";
      stream_.expires_after(setup_.options.idle_timeout);
      auto [error, written] = co_await asio::async_write(stream_, asio::buffer(last_chunk), within(slot()));
      if (error) {
        note_failed_write(error);
        co_return false;
      }
    }
  } else if (response.sent_ != response.announced_ && !is_head()) {
    co_return false;
  }
  if (exchange_) exchange_->response_completed();
  co_return (keep_alive && (!response.open_ended_ || response.chunked_));
}

asio::awaitable<bool> session::send_whole(bool keep_alive) {
  auto& message = response_->message_;
  message.version(request_.message_.version());
  message.keep_alive(keep_alive);
  std::uint64_t bytes = message.body().size();
  if (has_no_body(message.result_int())) {
    message.body().clear();
    message.content_length(boost::none);
    bytes = 0;
  } else if (is_head()) {
    message.body().clear();
    message.content_length(bytes);
    bytes = 0;
  } else {
    message.prepare_payload();
  }
  identify(message);
  // Nothing has been waited for since the handler returned.
  if (exchange_) exchange_->response_started(message.result_int(), exchange_->facts().handler_returned);
  response_->started_ = true;
  if (const error_code error = co_await send(message)) {
    note_failed_write(error);
    co_return false;
  }
  if (exchange_) {
    exchange_->add_response_bytes(bytes);
    exchange_->response_completed();
  }
  co_return keep_alive;
}

/// In as many writes as the client takes it in: each of them is progress.
asio::awaitable<session::error_code> session::send(http_response::message_type& message) {
  http::response_serializer<http::string_body> outgoing(message);
  while (!outgoing.is_done()) {
    stream_.expires_after(setup_.options.idle_timeout);
    if (auto [error, written] = co_await http::async_write_some(stream_, outgoing, within(slot())); error)
      co_return error;
  }
  co_return error_code();
}

void session::identify(http::fields& response) const {
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
  if (response.started_) co_return std::make_error_code(std::errc::already_connected);
  if (request_.ctx().done()) co_return request_.ctx().error();
  const bool bodyless = has_no_body(response.status());
  if (bodyless && content_length.value_or(1) != 0) co_return std::make_error_code(std::errc::message_size);
  http::response<http::empty_body> head(std::move(response.message_.base()));
  head.version(request_.message_.version());
  head.keep_alive(request_.message_.keep_alive() && !winding_down_);
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
  identify(head);
  response.started_ = true;
  response.announced_ = content_length.value_or(0);
  if (exchange_) exchange_->response_started(head.result_int());

  interrupt_.emplace(request_.ctx(), stream_.get_executor(), interrupt{weak_from_this(), round_});
  stream_.expires_after(setup_.options.idle_timeout);
  // The header only: all of a message would be the end of its chunks, too.
  http::response_serializer<http::empty_body> outgoing(head);
  auto [error, written] = co_await http::async_write_header(stream_, outgoing, within(slot()));
  if (error) note_failed_write(error);
  co_return error;
}

asio::awaitable<std::error_code> session::write_part(http_response& response, asio::const_buffer part) {
  if (!response.started_ || response.broken_) co_return std::make_error_code(std::errc::not_connected);
  if (!response.open_ended_ && part.size() > response.announced_ - response.sent_)
    co_return std::make_error_code(std::errc::message_size);
  if (request_.ctx().done()) co_return request_.ctx().error();
  if (is_head() || part.size() == 0) co_return std::error_code(); // a chunk of no size would be the last
  std::array<char, 20> digits;
  std::string_view before, behind;
  if (response.chunked_) { // RFC 9112 section 7.1
    before = {digits.data(), fmt::format_to_n(digits.data(), digits.size(), "{:x}\r\n", part.size()).size};
    behind = "\r\n";
  }
  beast::buffers_suffix<std::array<asio::const_buffer, 3>> rest({asio::buffer(before), part, asio::buffer(behind)});
  // Step by step, as an interrupt is lost between two steps of asio::async_write.
  for (std::size_t gone = 0, of_part = 0; asio::buffer_size(rest) != 0;) {
    stream_.expires_after(setup_.options.idle_timeout);
    auto [error, written] = co_await stream_.async_write_some(rest, within(slot()));
    rest.consume(written);
    gone += written;
    const std::size_t new_of_part = std::min(gone - std::min(gone, before.size()), part.size());
    response.sent_ += new_of_part - of_part;
    if (exchange_) exchange_->add_response_bytes(new_of_part - of_part);
    of_part = new_of_part;
    if (error) {
      note_failed_write(error);
      co_return error;
    }
    if (asio::buffer_size(rest) != 0 && request_.ctx().done()) {
      response.broken_ = true;
      co_return request_.ctx().error();
    }
  }
  co_return std::error_code();
}

/// Answers what is not a request, and closes.
asio::awaitable<void> session::reject(const parser& incoming, unsigned status, std::string_view why) {
  if (exchange_) {
    if (!exchange_->is_open()) begin_exchange(incoming);
    exchange_->protocol_error(why);
    exchange_->response_started(status);
  }
  http::response<http::string_body> answer(static_cast<http::status>(status), 11);
  answer.keep_alive(false);
  answer.set(http::field::content_type, "text/plain; charset=utf-8");
  answer.body() = std::string(http::obsolete_reason(answer.result())) + "\n";
  answer.prepare_payload();
  identify(answer);
  if (!co_await send(answer) && exchange_) exchange_->response_completed();
  finish_exchange();
  under_way_ = false;
  co_await close_gently();
}

/// Closing with unread bytes would reset the connection, and the client might never see the response.
asio::awaitable<void> session::close_gently() {
  error_code ignored;
  stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  stream_.expires_after(lingering_time);
  std::array<char, 4096> discarded;
  for (std::size_t total = 0; total < lingering_bytes;) {
    auto [error, bytes] = co_await stream_.async_read_some(asio::buffer(discarded), within(slot()));
    if (error) co_return;
    total += bytes;
  }
}

} // namespace weir::detail
