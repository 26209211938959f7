#include "weir/beast/client.hpp"

#include "client_connection.hpp"
#include "client_exchange.hpp"
#include "connect_to_any.hpp"
#include "http_url.hpp"
#include "idle_connections.hpp"
#include "insist.hpp"
#include "log/fork.hpp"
#include "name_resolver.hpp"
#include "outgoing_request.hpp"
#include "start_thread.hpp"
#include "told_end.hpp"
#include "weir/asio/post_on_done.hpp"
#include "weir/asio/sleep.hpp"
#include "weir/log/macros.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace weir {

namespace asio = boost::asio;
using asio::ip::tcp;
using detail::client_connection;
using detail::outgoing_request;

namespace {

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

/// Breaks a connection off when its call's context ends: whatever is under way there then fails.
class break_off {
 public:
  break_off(const context& ctx, client_connection& connection)
      : target_(std::make_shared<client_connection*>(&connection)),
        on_done_(ctx, connection.socket().get_executor(), {target_}) {}

 private:
  /// Run when all is over, maybe.
  struct close {
    std::weak_ptr<client_connection*> target;
    void operator()() const {
      boost::system::error_code ignored;
      if (const auto alive = target.lock()) (*alive)->socket().close(ignored);
    }
  };

  const std::shared_ptr<client_connection*> target_;
  const detail::post_on_done<asio::any_io_executor, close> on_done_;
};

[[noreturn]] void throw_end_of(const context& ctx) { throw std::system_error(ctx.error(), "http_client"); }

/// What the client's thread leaves for the caller, who may be gone by then.
struct call_result {
  client_response response;
  std::exception_ptr failure;
  std::atomic<bool> given{false};
  cancel_function wake_caller;

  void give(std::exception_ptr thrown, client_response got) noexcept {
    failure = std::move(thrown);
    response = std::move(got);
    // release: pairs with the acquire in send(); publishes the two.
    given.store(true, std::memory_order_release);
    wake_caller();
  }
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
    thread = detail::start_thread("weir-http", [this] { serve(); });
  }
  ~state() {
    closing.cancel(cancel_reason::shutdown);
    detail::insist([this] { asio::post(io, [this] { idle.close(); }); });
    keep_running.reset();
    thread.join(); // when the last call has ended
  }

  /// What is thrown costs the call that it was amid of, and no other one.
  void serve() noexcept {
    for (;;) {
      try {
        io.run();
        return;
      } catch (const std::exception& error) {
        if (logger* const log = options.observing.log)
          WEIR_ERROR(*log, "thrown into the thread of an http_client: {}", error.what());
      }
    }
  }

  asio::awaitable<client_response> call(context ctx, std::shared_ptr<const outgoing_request> request) {
    try {
      auto answering = answer_to(ctx, request);
      co_return co_await std::move(answering);
    } catch (const boost::system::system_error&) {
      if (!ctx.done()) throw;
    }
    throw_end_of(ctx); // which is why it failed
  }

  asio::awaitable<client_response> answer_to(const context& ctx,
                                             const std::shared_ptr<const outgoing_request>& request) {
    if (ctx.done()) throw_end_of(ctx); // a kept connection would be written to at once
    if (auto kept = idle.take(request->server)) {
      detail::client_exchange first(kept, request, limits());
      try {
        auto answering = finish(ctx, first, kept);
        co_return co_await std::move(answering);
      } catch (const boost::system::system_error& error) {
        if (first.has_begun() || !detail::is_stale(error.code()) || !request->may_repeat) throw;
      }
    }
    auto connecting = connect(ctx, *request);
    auto fresh = co_await std::move(connecting);
    detail::client_exchange only(fresh, request, limits());
    auto answering = finish(ctx, only, fresh);
    co_return co_await std::move(answering);
  }

  asio::awaitable<client_response> finish(const context& ctx, detail::client_exchange& with,
                                          std::shared_ptr<client_connection>& over) {
    std::optional<break_off> at_end(std::in_place, ctx, *over);
    if (ctx.done()) throw_end_of(ctx); // while it was connecting: closing is only posted, and the write comes before
    auto running = with.run();
    client_response response = co_await std::move(running);
    at_end.reset();
    if (with.leaves_open()) idle.keep(std::move(over));
    co_return response;
  }

  asio::awaitable<std::shared_ptr<client_connection>> connect(const context& ctx, const outgoing_request& request) {
    std::vector<tcp::endpoint> found;
    boost::system::error_code is_name;
    const asio::ip::address address = asio::ip::make_address(request.host, is_name);
    if (is_name) {
      auto resolving = names.resolve(ctx, request.host);
      for (const asio::ip::address& each : co_await std::move(resolving)) found.emplace_back(each, request.port);
    } else {
      found.emplace_back(address, request.port);
    }
    auto made = request.is_secure ? detail::make_tls_connection(io, request.server, tls_context(), request.host,
                                                                options.verify_servers)
                                  : std::make_unique<client_connection>(io, request.server);
    auto connecting = detail::connect_to_any(ctx, io, detail::interleaved(std::move(found)));
    made->socket() = co_await std::move(connecting);
    const break_off at_end(ctx, *made);
    if (ctx.done()) throw_end_of(ctx); // before it could close anything
    made->socket().set_option(tcp::no_delay(true));
    auto beginning = made->begin();
    co_await std::move(beginning);
    co_return made;
  }

  detail::response_limits limits() const noexcept { return {options.header_limit_bytes, options.body_limit_bytes}; }

  /// Made for the first call that needs it, as that takes a while.
  asio::ssl::context& tls_context() {
    if (!tls) tls = options.tls ? options.tls : detail::make_tls_context();
    return *tls;
  }

  const client_options options;                          // read by callers, too
  const std::shared_ptr<call_observer> observer;         // the callers'; theirs for as long as they are
  const cancellable closing = with_cancel(background()); // ends all calls
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> keep_running{io.get_executor()};
  detail::name_resolver names{io};
  std::shared_ptr<asio::ssl::context> tls;
  detail::idle_connections idle;
  const std::uint32_t made_in = detail::fork_count();
  std::thread thread;
};

http_client::http_client(client_options options) : state_(std::make_unique<state>(options)) {}
http_client::~http_client() {
  // A forked child's copy has no thread that could end what is under way.
  if (state_->made_in != detail::fork_count()) static_cast<void>(state_.release());
}

// The caller waits, on its own executor, for the end of a context: of its own, by the time-out, or because the result
// is there. So neither is it kept waiting by what cannot be cancelled, such as getaddrinfo(3), nor is its executor
// touched by the client's thread once it is destroyed.
asio::awaitable<client_response> http_client::send(context ctx, client_request request) {
  detail::check_sendable(request);
  const detail::http_url url = detail::parse_http_url(request.url);
  const cancellable wanted = with_cancel(ctx); // ends with this frame, in whichever way that goes
  const done_registration with_client =
      state_->closing.ctx.on_done([end = wanted.cancel.share()] { end(cancel_reason::shutdown); });
  const std::shared_ptr<call_observer> observer = state_->observer;
  outgoing_call observed(*observer, wanted.ctx,
                         {.method = request.method, .address = url.host, .port = url.port, .path = url.path()});
  cancellable limited = with_timeout(wanted.ctx, state_->options.timeout);
  const auto result = std::make_shared<call_result>();
  result->wake_caller = limited.cancel.share();
  limited.cancel.release();
  auto outgoing = std::make_shared<const outgoing_request>(request, url, observed,
                                                           state_->options.observing.deadline_header, limited.ctx);
  detail::told_end<call_result, &call_result::give, client_response> at_end(result);
  asio::co_spawn(state_->io, state_->call(limited.ctx, std::move(outgoing)), std::move(at_end));

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
