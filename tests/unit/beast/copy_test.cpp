// Work that goes on after its request: what it has of that is its own.
#include "weir/beast/server.hpp"

#include "server_fixture.hpp"
#include "weir/asio.hpp"
#include "weir/log/macros.hpp"
#include "weir/log_task_failures.hpp"

#include <catch2/catch.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>

using namespace weir_test;

namespace {

struct user_key {
  using value_type = std::string;
};

task middleware_user(http_request& request, http_response&, weir::next_handler next) {
  request.set_ctx(weir::with_value<user_key>(request.ctx(), std::string(request.header("X-User"))));
  co_await next();
}

} // namespace

static_assert(!std::is_copy_constructible_v<http_request>, "a plain copy would end with its request");

TEST_CASE("copy: a background task has the request's line, values and ids when request and server have gone",
          "[beast][concurrent]") {
  observed by; // the log outlives the server's
  weir::logger& log = by.stream.get_logger("audit");
  std::latch gone(1);
  weir::task_group background(weir::background());
  boost::asio::thread_pool pool(1);
  std::string seen;
  bool had_end = true;
  {
    running_server server([&](weir::http_server& at) {
      at.use(middleware_user);
      at.post("/orders/{order}", [&](http_request& request, http_response& response) -> task {
        const auto own = std::make_shared<const http_request>(request.copy());
        boost::asio::post(pool, background.task("audit", own->ctx(), [&, own](const weir::context& ctx) {
          gone.wait();
          had_end = ctx.deadline() || own->ctx().can_be_done() || own->observed() != nullptr;
          WEIR_INFO(log, "audited");
          seen = fmt::format("{} {} {} {} {} {} {}", own->method(), own->target(), own->param("order"),
                             *own->query("fast"), own->header("X-User"), own->body(), *ctx.value<user_key>());
        }));
        response.body("accepted\n");
        co_return;
      });
    });
    raw_client client(server.port());
    CHECK(client
              .ask("POST /orders/4711?fast=yes HTTP/1.1\r\nHost: test\r\nX-User: ada\r\nContent-Length: 4\r\n"
                   "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\r\nbody")
              .status == 200);
  }
  gone.count_down();
  const auto result = background.wait();
  CHECK(result.succeeded == 1);
  CHECK_FALSE(had_end);
  CHECK(seen == "POST /orders/4711?fast=yes 4711 yes ada body ada");
  const auto lines = by.lines_of("audit");
  REQUIRE(lines.size() == 1);
  CHECK(json_member(lines.front(), "trace_id") == "0af7651916cd43dd8448eb211c80319c");
  pool.join();
}

TEST_CASE("copy: a client that leaves cancels the request and not the copy", "[beast][concurrent]") {
  std::latch stopped(1);
  bool copy_done = true;
  running_server server([&](weir::http_server& at) {
    at.get("/wait", [&](http_request& request, http_response&) -> task {
      const http_request own = request.copy();
      co_await weir::until_done(request.ctx());
      copy_done = own.ctx().done();
      stopped.count_down();
    });
  });
  {
    raw_client client(server.port());
    client.send(get_request("/wait"));
  }
  stopped.wait();
  CHECK_FALSE(copy_done);
}

TEST_CASE("copy: a task that throws after its request is logged with the request's ids", "[beast][concurrent]") {
  observed by;
  weir::log_task_failures(by.stream.get_logger("tasks"));
  {
    weir::task_group background(weir::background());
    running_server server([&](weir::http_server& at) {
      at.get("/start", [&](http_request& request, http_response& response) -> task {
        const http_request own = request.copy();
        auto work = []() -> task {
          throw std::runtime_error("no space");
          co_return;
        };
        weir::spawn(background, co_await boost::asio::this_coro::executor, "thumbnails", own.ctx(), work());
        response.body("accepted\n");
      });
    });
    raw_client client(server.port());
    CHECK(
        client.ask(get_request("/start", "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"))
            .status == 200);
    CHECK(background.wait().failures.size() == 1);
  }
  weir::set_task_failure_handler({});
  const auto lines = by.lines_of("tasks");
  REQUIRE(lines.size() == 1);
  CHECK(json_member(lines.front(), "message") == "thumbnails failed: no space");
  CHECK(json_member(lines.front(), "trace_id") == "0af7651916cd43dd8448eb211c80319c");
}
