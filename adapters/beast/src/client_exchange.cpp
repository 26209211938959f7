#include "client_exchange.hpp"

#include "heads.hpp"
#include "response_parser.hpp"
#include "told_end.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/read_size.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/system/errc.hpp>
#include <boost/system/system_error.hpp>

#include <fmt/format.h>

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace weir::detail {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using boost::system::system_error;

namespace {

constexpr unsigned switching = 101; // final: what follows is another protocol
/// Of those before the final one. A server may send them faster than anybody can pass them over.
constexpr int most_interim_responses = 8;

/// A request on its way, while its response is being read: a server may answer before it has read all, with 413 say,
/// and read no more.
class sending {
 public:
  sending(std::shared_ptr<client_connection> on, std::shared_ptr<const outgoing_request> request)
      : state_(std::make_shared<state>(std::move(on), std::move(request))) {
    asio::co_spawn(state_->over.get_executor(), write(state_), told_end<state, &state::end>(state_));
  }
  sending(const sending&) = delete;
  sending& operator=(const sending&) = delete;
  ~sending() { break_off(); }

  bool was_sent() const noexcept { return state_->is_over && !state_->error; }
  error_code error() const noexcept { return state_->is_over ? state_->error : error_code(); }
  /// What is not sent by now never is.
  asio::awaitable<void> end() {
    break_off();
    while (!state_->is_over) {
      auto waiting = state_->over.async_wait(asio::as_tuple(asio::use_awaitable));
      co_await std::move(waiting);
    }
  }

 private:
  struct state {
    state(std::shared_ptr<client_connection> with, std::shared_ptr<const outgoing_request> what)
        : on(std::move(with)),
          request(std::move(what)),
          over(on->socket().get_executor(), asio::steady_timer::time_point::max()) {}
    const std::shared_ptr<client_connection> on;
    const std::shared_ptr<const outgoing_request> request;
    asio::steady_timer over;
    bool is_over = false;
    error_code error;

    void end(const std::exception_ptr& failure) noexcept {
      is_over = true;
      over.cancel();
      if (!failure) return;
      error = make_error_code(boost::system::errc::not_enough_memory);
      error_code ignored;
      on->socket().close(ignored); // no response will come
    }
  };

  static asio::awaitable<void> write(std::shared_ptr<state> of) {
    auto writing = of->on->write({asio::buffer(of->request->head), asio::buffer(of->request->body)}, of->error);
    co_await std::move(writing);
  }

  void break_off() noexcept {
    error_code ignored;
    if (!state_->is_over) state_->on->socket().close(ignored);
  }

  const std::shared_ptr<state> state_;
};

/// Reads on until the parser has all. `buffer` keeps what comes behind that.
asio::awaitable<void> read_message(client_connection& from, boost::beast::flat_buffer& buffer, response_parser& into,
                                   error_code& error) {
  constexpr std::size_t most_at_once = 65536;
  into.eager(true);
  while (!into.is_done()) {
    if (buffer.size() != 0) {
      buffer.consume(into.put(buffer.data(), error));
      if (error && error != http::error::need_more) co_return;
      if (into.is_done()) break;
    }
    const std::size_t room = boost::beast::read_size(buffer, most_at_once);
    if (room == 0) {
      error = http::error::buffer_overflow;
      co_return;
    }
    auto reading = from.read_some(buffer.prepare(room), error);
    buffer.commit(co_await std::move(reading));
    if (error == asio::error::eof) {
      error = {};
      if (!into.got_some())
        error = http::error::end_of_stream;
      else
        into.put_eof(error);
    }
    if (error) co_return;
  }
  error = {};
}

std::exception_ptr failure_to_send(const error_code& error, const std::string& server) noexcept {
  try {
    return std::make_exception_ptr(system_error(error, "sending the request to " + server));
  } catch (...) { // no memory for the text
    return std::current_exception();
  }
}

} // namespace

bool is_stale(const error_code& error) noexcept {
  return error == http::error::end_of_stream || error == asio::error::connection_reset ||
         error == asio::error::broken_pipe || error == asio::error::eof ||
         error == asio::ssl::error::stream_truncated;
}

asio::awaitable<client_response> client_exchange::run() {
  sending request(with_, request_);
  std::optional<response_message> received;
  std::exception_ptr failure;
  try {
    auto reading = read();
    received = co_await std::move(reading);
  } catch (const system_error&) {
    // Where nothing came it matters more why nothing could be sent.
    const bool was_cut_off = request.error() && !has_begun_;
    failure = was_cut_off ? failure_to_send(request.error(), request_->server) : std::current_exception();
  } catch (...) {
    failure = std::current_exception();
  }
  const bool was_sent = request.was_sent();
  auto ending = request.end();
  co_await std::move(ending);
  if (failure) std::rethrow_exception(failure);
  client_response response{.status = received->result_int(), .headers = {}, .body = std::move(received->body())};
  const bool goes_on = wants_to_go_on(received->version(), *received);
  leaves_open_ = goes_on && response.status != switching && was_sent && is_alone_;
  response.headers = std::move(received->base());
  co_return response;
}

/// The final one: those before it, such as 103, are passed over, up to most_interim_responses.
asio::awaitable<client_exchange::response_message> client_exchange::read() {
  boost::beast::flat_buffer buffer(limits_.header_bytes + std::size_t{64} * 1024);
  for (int passed_over = 0; passed_over <= most_interim_responses; ++passed_over) {
    response_parser incoming(limits_.header_bytes);
    incoming.body_limit(limits_.body_bytes);
    incoming.skip(request_->is_to_head);
    error_code error;
    auto reading = read_message(*with_, buffer, incoming, error);
    co_await std::move(reading);
    has_begun_ = has_begun_ || incoming.got_some() || buffer.size() != 0;
    if (error) throw system_error(error, "reading the response of " + request_->server);
    const unsigned status = incoming.get().result_int();
    if (status < 200 && status != switching) continue;
    is_alone_ = buffer.size() == 0;
    co_return incoming.release();
  }
  throw system_error(
      make_error_code(boost::system::errc::protocol_error),
      fmt::format("more than {} responses before the final one, of {}", most_interim_responses, request_->server));
}

} // namespace weir::detail
