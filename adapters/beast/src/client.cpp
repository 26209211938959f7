#include "weir/beast/client.hpp"

#include "header_rules.hpp"
#include "heads.hpp"
#include "http_url.hpp"
#include "weir/asio/under.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <fmt/format.h>

#include <array>
#include <map>
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

boost::beast::string_view to_beast(std::string_view text) noexcept { return {text.data(), text.size()}; }

/// RFC 9110 section 9.2.2.
bool is_idempotent(std::string_view method) noexcept {
  constexpr std::array<std::string_view, 6> all{"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"};
  return std::ranges::find(all, method) != all.end();
}

/// What a connection says that its server has closed while it was kept.
bool is_stale(const boost::system::error_code& error) noexcept {
  return error == http::error::end_of_stream || error == asio::error::connection_reset ||
         error == asio::error::broken_pipe || error == asio::error::eof;
}

/// Whether the server has neither closed it nor sent anything unasked.
bool is_usable(tcp::socket& socket) noexcept {
  boost::system::error_code error;
  char next = 0;
  socket.non_blocking(true, error);
  if (!error) socket.receive(asio::buffer(&next, 1), tcp::socket::message_peek, error);
  return error == asio::error::would_block;
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
  if (!detail::is_token(request.method))
    throw std::invalid_argument("client_request: '" + request.method + "' is no method");
  for (const auto& [name, value] : request.headers) {
    if (!detail::is_token(name)) throw std::invalid_argument("client_request: '" + name + "' is no header's name");
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
  return options;
}

} // namespace

/// Everything but the constructor and destructor is on its thread.
struct http_client::state {
  explicit state(const client_options& given) : options(checked(given)), observer(options.observing) {
    thread = std::jthread([this] { io.run(); });
  }
  ~state() { io.stop(); } // the thread is joined first of all members

  struct connection {
    tcp::socket socket;
    std::string server; // host and port
    bool was_kept = false;
  };

  asio::awaitable<client_response> call(context ctx, client_request request) {
    const detail::http_url url = detail::parse_http_url(request.url);
    outgoing_call observed(observer, ctx,
                           {.method = request.method, .address = url.host, .port = url.port, .path = url.path()});
    const cancellable limited = with_timeout(ctx, options.timeout);
    try {
      auto exchange = try_once(limited.ctx, request, url, observed);
      client_response response = co_await std::move(exchange);
      observed.answered(response.status, response.body.size());
      co_return response;
    } catch (const boost::system::system_error& error) {
      observed.failed(error.code());
      throw;
    } catch (const std::system_error& error) {
      const bool own_limit = limited.ctx.done() && !ctx.done();
      observed.failed(own_limit ? std::make_error_code(std::errc::timed_out) : error.code());
      if (own_limit) throw std::system_error(std::make_error_code(std::errc::timed_out), "http_client");
      throw;
    }
  }

  /// Or twice, if a kept connection turns out to be closed.
  asio::awaitable<client_response> try_once(context ctx, const client_request& request, const detail::http_url& url,
                                            const outgoing_call& observed) {
    request_message message = compose(request, url, observed);
    std::optional<connection> with = take_kept(url);
    if (with) {
      boost::system::error_code failed;
      try {
        auto first = exchange(ctx, *with, message);
        co_return co_await std::move(first);
      } catch (const boost::system::system_error& error) {
        if (!is_stale(error.code()) || !is_idempotent(request.method)) throw;
      }
    }
    auto connecting = connect(ctx, url);
    with.emplace(co_await std::move(connecting));
    auto second = exchange(ctx, *with, message);
    co_return co_await std::move(second);
  }

  asio::awaitable<connection> connect(context ctx, const detail::http_url& url) {
    tcp::resolver resolver(io);
    auto resolving =
        under(ctx, resolver.async_resolve(std::string(url.host), std::to_string(url.port), asio::deferred));
    const tcp::resolver::results_type found = co_await std::move(resolving);
    connection made{.socket = tcp::socket(io), .server = name_of(url)};
    auto connecting = under(ctx, asio::async_connect(made.socket, found, asio::deferred));
    co_await std::move(connecting);
    made.socket.set_option(tcp::no_delay(true));
    co_return made;
  }

  asio::awaitable<client_response> exchange(context ctx, connection& with, request_message& message) {
    auto writing = under(ctx, http::async_write(with.socket, message, asio::deferred));
    co_await std::move(writing);
    boost::beast::flat_buffer buffer(options.header_limit_bytes + std::size_t{64} * 1024);
    // What stands before the final response, such as 103, is passed over.
    for (;;) {
      http::response_parser<http::string_body> incoming;
      incoming.header_limit(options.header_limit_bytes);
      incoming.body_limit(options.body_limit_bytes);
      incoming.skip(message.method() == http::verb::head);
      auto reading = under(ctx, http::async_read(with.socket, buffer, incoming, asio::deferred));
      co_await std::move(reading);
      if (incoming.get().result_int() < 200) continue;
      auto received = incoming.release();
      if (received.keep_alive() && buffer.size() == 0) keep(std::move(with));
      client_response response{.status = received.result_int(), .headers = {}, .body = std::move(received.body())};
      response.headers = std::move(received.base());
      co_return response;
    }
  }

  static std::string name_of(const detail::http_url& url) {
    return fmt::format("{}|{}", url.host, url.port);
  }

  std::optional<connection> take_kept(const detail::http_url& url) {
    const auto found = kept.find(name_of(url));
    if (found == kept.end()) return std::nullopt;
    std::optional<connection> taken;
    while (!taken && !found->second.empty()) {
      // The one that was kept last is the likeliest to be open still.
      if (is_usable(found->second.back().socket)) taken.emplace(std::move(found->second.back()));
      found->second.pop_back();
    }
    if (found->second.empty()) kept.erase(found);
    return taken;
  }

  void keep(connection idle) {
    if (options.idle_connections == 0) return;
    auto& of_server = kept[idle.server];
    if (of_server.size() >= options.idle_connections) of_server.erase(of_server.begin());
    of_server.push_back(std::move(idle));
  }

  const client_options options;
  call_observer observer;
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> keep_running{io.get_executor()};
  std::map<std::string, std::vector<connection>> kept;
  std::jthread thread;
};

http_client::http_client(client_options options) : state_(std::make_unique<state>(options)) {}
http_client::~http_client() = default;

asio::awaitable<client_response> http_client::send(context ctx, client_request request) {
  check(request);
  // Not by the caller's cancellation slot, which would be set off on the caller's thread: the context ends the call.
  auto call = asio::co_spawn(state_->io, state_->call(std::move(ctx), std::move(request)),
                             asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable));
  co_return co_await std::move(call);
}

} // namespace weir
