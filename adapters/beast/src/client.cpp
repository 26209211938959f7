#include "weir/beast/client.hpp"

#include "header_rules.hpp"
#include "heads.hpp"
#include "http_url.hpp"
#include "idle_connections.hpp"
#include "weir/asio/sleep.hpp"
#include "weir/asio/under.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace weir {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

namespace {

using request_message = http::request<http::string_body>;
using response_message = http::response<http::string_body>;

constexpr unsigned switching = 101; // final: what follows is another protocol

using detail::to_beast;

/// RFC 9110 section 9.2.2.
bool is_idempotent(std::string_view method) noexcept {
  constexpr std::array<std::string_view, 6> all{"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"};
  return std::ranges::find(all, method) != all.end();
}

/// What a connection says that its server has closed, while it was kept or has not taken all that it is sent.
bool is_stale(const boost::system::error_code& error) noexcept {
  return error == http::error::end_of_stream || error == asio::error::connection_reset ||
         error == asio::error::broken_pipe || error == asio::error::eof;
}

/// What only the client can say, as it has the connection and the framing of the body.
bool is_reserved(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 8> all{
      "Connection", "Content-Length", "Keep-Alive",        "Proxy-Connection",
      "TE",         "Trailer",        "Transfer-Encoding", "Upgrade"};
  return std::ranges::any_of(
      all, [&](std::string_view each) { return boost::beast::iequals(to_beast(each), to_beast(name)); });
}

request_message compose(const client_request& request, const detail::http_url& url, const outgoing_call& call) {
  request_message message;
  message.version(11);
  message.method_string(to_beast(request.method));
  message.target(url.target);
  for (const auto& [name, value] : request.headers) message.insert(name, value);
  call.headers().for_each(
      [&](std::string_view name, std::string_view value) { message.set(to_beast(name), to_beast(value)); });
  message.set(http::field::host, to_beast(url.authority));
  message.body() = request.body;
  message.prepare_payload();
  return message;
}

void check(const client_request& request) {
  if (!detail::is_header_token(request.method))
    throw std::invalid_argument("client_request: '" + request.method + "' is no method");
  if (request.method == "CONNECT") throw std::invalid_argument("client_request: CONNECT, which asks for a tunnel");
  for (const auto& [name, value] : request.headers) {
    if (!detail::is_header_token(name)) throw std::invalid_argument("client_request: '" + name + "' is no header's name");
    if (is_reserved(name)) throw std::invalid_argument("client_request: header " + name + " is the client's to set");
    if (!detail::is_field_value(value))
      throw std::invalid_argument("client_request: a control character in header " + name);
  }
}

client_options checked(const client_options& options) {
  const auto refuse = [](const std::string& what) { throw std::invalid_argument("client_options." + what); };
  if (options.observing.metrics == nullptr) refuse("observing.metrics is null");
  if (options.timeout.count() < 1 || options.timeout > std::chrono::hours(1))
    refuse("timeout is " + std::to_string(options.timeout.count()) + " ms: it must be from 1 ms to 1 h");
  if (options.header_limit_bytes < 1024 || options.header_limit_bytes > (1U << 20))
    refuse("header_limit_bytes is " + std::to_string(options.header_limit_bytes) +
           ": it must be from 1 KiB to 1 MiB");
  if (options.body_limit_bytes > (1ULL << 30))
    refuse("body_limit_bytes is " + std::to_string(options.body_limit_bytes) + ": it must be up to 1 GiB");
  if (options.idle_connections > 1024)
    refuse("idle_connections is " + std::to_string(options.idle_connections) + ": it must be up to 1024");
  if (options.all_idle_connections > 4096)
    refuse("all_idle_connections is " + std::to_string(options.all_idle_connections) + ": it must be up to 4096");
  if (options.idle_timeout.count() < 1 || options.idle_timeout > std::chrono::hours(1))
    refuse("idle_timeout is " + std::to_string(options.idle_timeout.count()) + " ms: it must be from 1 ms to 1 h");
  return options;
}

/// What is sent, and where to. On the client's thread, with nothing of the caller's.
struct outgoing_request {
  outgoing_request(request_message composed, const detail::http_url& url, bool is_repeatable)
      : message(std::move(composed)),
        host(url.host),
        port(url.port),
        server(fmt::format("{}|{}", url.host, url.port)),
        may_repeat(is_repeatable) {}

  request_message message;
  std::string host;
  std::uint16_t port;
  std::string server;
  bool may_repeat;
};

/// A request on its way, while its response is being read: a server may answer before it has read all, with 413 say,
/// and read no more.
class sending {
 public:
  sending(tcp::socket& socket, request_message& message)
      : over_(socket.get_executor(), asio::steady_timer::time_point::max()) {
    auto ended = [this](const boost::system::error_code& error, std::size_t) {
      is_over_ = true;
      error_ = error;
      over_.cancel();
    };
    http::async_write(socket, message, asio::bind_cancellation_slot(stop_.slot(), std::move(ended)));
  }
  sending(const sending&) = delete;
  sending& operator=(const sending&) = delete;

  bool was_sent() const noexcept { return is_over_ && !error_; }
  const boost::system::error_code& error() const noexcept { return error_; }
  /// To be awaited before the message goes.
  asio::awaitable<void> end() {
    stop_.emit(asio::cancellation_type::terminal);
    while (!is_over_) {
      auto waiting = over_.async_wait(asio::as_tuple(asio::use_awaitable));
      co_await std::move(waiting);
    }
  }

 private:
  asio::steady_timer over_;
  asio::cancellation_signal stop_;
  bool is_over_ = false;
  boost::system::error_code error_;
};

/// What the client's thread leaves for the caller, who may be gone by then.
struct call_result {
  client_response response;
  std::exception_ptr failure;
  std::atomic<bool> given{false};
};

/// For who does not wait any longer.
[[noreturn]] void give_up(outgoing_call& call, const context& wanted) {
  const std::error_code why = wanted.done() ? wanted.error() : std::make_error_code(std::errc::timed_out);
  call.failed(why);
  throw std::system_error(why, "http_client");
}

} // namespace

/// What has no comment is used on its thread only.
struct http_client::state {
  explicit state(const client_options& given)
      : options(checked(given)),
        observer(std::make_shared<call_observer>(options.observing)),
        idle(io, {options.idle_connections, options.all_idle_connections, options.idle_timeout}) {
    thread = std::jthread([this] { io.run(); });
  }
  ~state() {
    closing.cancel(cancel_reason::shutdown);
    asio::post(io, [this] { idle.close(); });
    keep_running.reset();
    thread.join(); // when the last call has ended
  }

  asio::awaitable<client_response> call(context ctx, outgoing_request request) {
    if (std::optional<detail::client_connection> kept = idle.take(request.server)) {
      bool has_begun = false; // the response
      try {
        auto first = exchange(ctx, *kept, request.message, has_begun);
        co_return co_await std::move(first);
      } catch (const boost::system::system_error& error) {
        if (has_begun || !is_stale(error.code()) || !request.may_repeat) throw;
      }
    }
    detail::client_connection fresh(tcp::socket(io), request.server);
    auto connecting = connect(ctx, fresh.socket, request);
    co_await std::move(connecting);
    bool has_begun = false;
    auto only = exchange(ctx, fresh, request.message, has_begun);
    co_return co_await std::move(only);
  }

  asio::awaitable<void> connect(context ctx, tcp::socket& socket, const outgoing_request& request) {
    boost::system::error_code is_name;
    const asio::ip::address address = asio::ip::make_address(request.host, is_name);
    if (is_name) {
      tcp::resolver resolver(io);
      auto resolving = under(ctx, resolver.async_resolve(request.host, std::to_string(request.port), asio::deferred));
      const tcp::resolver::results_type found = co_await std::move(resolving);
      auto connecting = under(ctx, asio::async_connect(socket, found, asio::deferred));
      co_await std::move(connecting);
    } else {
      // Without the resolver, which may be at another's name.
      auto connecting = under(ctx, socket.async_connect(tcp::endpoint(address, request.port), asio::deferred));
      co_await std::move(connecting);
    }
    socket.set_option(tcp::no_delay(true));
  }

  asio::awaitable<client_response> exchange(context ctx, detail::client_connection& with, request_message& message,
                                            bool& has_begun) {
    sending request(with.socket, message);
    std::optional<response_message> received;
    std::exception_ptr failure;
    bool is_alone = false; // nothing came behind the response
    try {
      auto reading = read_response(ctx, with.socket, message.method() == http::verb::head, has_begun, is_alone);
      received = co_await std::move(reading);
    } catch (const boost::system::system_error&) {
      // Where nothing came it matters more why nothing could be sent.
      const bool was_cut_off = request.error() && !has_begun;
      failure = was_cut_off ? std::make_exception_ptr(boost::system::system_error(request.error()))
                            : std::current_exception();
    } catch (...) {
      failure = std::current_exception();
    }
    const bool was_sent = request.was_sent();
    auto ending = request.end();
    co_await std::move(ending);
    if (failure) std::rethrow_exception(failure);
    client_response response{.status = received->result_int(), .headers = {}, .body = std::move(received->body())};
    if (received->keep_alive() && response.status != switching && was_sent && is_alone) idle.keep(std::move(with));
    response.headers = std::move(received->base());
    co_return response;
  }

  /// The final one: those before it, such as 103, are passed over.
  asio::awaitable<response_message> read_response(context ctx, tcp::socket& socket, bool is_to_head, bool& has_begun,
                                                  bool& is_alone) {
    boost::beast::flat_buffer buffer(options.header_limit_bytes + std::size_t{64} * 1024);
    for (;;) {
      http::response_parser<http::string_body> incoming;
      incoming.header_limit(options.header_limit_bytes);
      incoming.body_limit(options.body_limit_bytes);
      incoming.skip(is_to_head);
      try {
        auto reading = under(ctx, http::async_read(socket, buffer, incoming, asio::deferred));
        co_await std::move(reading);
      } catch (const boost::system::system_error&) {
        has_begun = has_begun || incoming.got_some() || buffer.size() != 0;
        throw;
      }
      has_begun = true;
      const unsigned status = incoming.get().result_int();
      if (status < 200 && status != switching) continue;
      is_alone = buffer.size() == 0;
      co_return incoming.release();
    }
  }

  const client_options options;                          // read by callers, too
  const std::shared_ptr<call_observer> observer;         // the callers'; theirs for as long as they are
  const cancellable closing = with_cancel(background()); // ends all calls
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> keep_running{io.get_executor()};
  detail::idle_connections idle;
  std::jthread thread;
};

http_client::http_client(client_options options) : state_(std::make_unique<state>(options)) {}
http_client::~http_client() = default;

// The caller waits, on its own executor, for the end of a context: of its own, by the time-out, or because the result
// is there. So neither is it kept waiting by what cannot be cancelled, such as getaddrinfo(3), nor is its executor
// touched by the client's thread once it is destroyed.
asio::awaitable<client_response> http_client::send(context ctx, client_request request) {
  check(request);
  const detail::http_url url = detail::parse_http_url(request.url);
  const cancellable wanted = with_cancel(ctx); // ends with this frame, in whichever way that goes
  const done_registration with_client =
      state_->closing.ctx.on_done([end = wanted.cancel.share()] { end(cancel_reason::shutdown); });
  const std::shared_ptr<call_observer> observer = state_->observer;
  outgoing_call observed(*observer, wanted.ctx,
                         {.method = request.method, .address = url.host, .port = url.port, .path = url.path()});
  cancellable limited = with_timeout(wanted.ctx, state_->options.timeout);
  const auto result = std::make_shared<call_result>();
  auto leave = [result, end = limited.cancel.share()](std::exception_ptr failure, client_response response) {
    result->failure = std::move(failure);
    result->response = std::move(response);
    // release: pairs with the acquire in send(); publishes the two.
    result->given.store(true, std::memory_order_release);
    end();
  };
  limited.cancel.release();
  outgoing_request outgoing(compose(request, url, observed), url, is_idempotent(request.method));
  asio::co_spawn(state_->io, state_->call(limited.ctx, std::move(outgoing)), std::move(leave));

  auto ended = until_done(limited.ctx);
  co_await std::move(ended);
  // acquire: pairs with the release above.
  if (!result->given.load(std::memory_order_acquire)) {
    if (!limited.ctx.done()) wanted.cancel(); // the caller's cancellation slot
    give_up(observed, wanted.ctx);
  }
  if (result->failure) {
    try {
      std::rethrow_exception(result->failure);
    } catch (const boost::system::system_error& error) {
      observed.failed(error.code());
      throw;
    } catch (const std::system_error&) {
      // Its context has ended, only that it knew that first.
      give_up(observed, wanted.ctx);
    }
  }
  observed.answered(result->response.status, result->response.body.size());
  co_return std::move(result->response);
}

} // namespace weir
