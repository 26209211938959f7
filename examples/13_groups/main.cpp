// Calls of three services as one operation, under a deadline; and work that goes on after its request has ended.
//
//   build/release/examples/13_groups
//
// You will see three requests. The first is answered. One of the second's calls fails: the other two are called off,
// and the caller gets the error. One of the third's takes too long. On standard error the failure is logged with the
// field of its request; and so is each request's end, by a task in the background that saw it.
#include <weir/context.hpp>
#include <weir/context_fields.hpp>
#include <weir/log.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include <chrono>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <system_error>

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

/// What a client library's call would be: ends early when the context does.
std::string call(const weir::context& ctx, const char* answer, weir::context::duration takes) {
  if (ctx.wait_for(takes)) throw std::system_error(ctx.error());
  return answer;
}

std::string make_page(const weir::context& request, asio::thread_pool& pool, int number) {
  const auto limited = weir::with_timeout(request, number == 3 ? 50ms : 10s);
  std::string price, stock, reviews;
  weir::task_group calls(limited.ctx); // after what its tasks refer to: its destructor waits for them
  asio::post(pool, calls.task("prices", [&](const weir::context& ctx) { price = call(ctx, "9.50", 1ms); }));
  asio::post(pool, calls.task("stock", [&](const weir::context& ctx) {
    if (number == 2) throw std::runtime_error("the warehouse does not answer");
    stock = call(ctx, "3 left", 1ms);
  }));
  asio::post(pool, calls.task("reviews", [&](const weir::context& ctx) {
    reviews = call(ctx, "good", number == 1 ? 1ms : 1h);
  }));
  calls.wait().throw_if_failed();
  return price + ", " + stock + ", " + reviews;
}

void handle(asio::thread_pool& pool, weir::task_group& background, weir::logger& log, int number) {
  const auto ids = weir::with_fields(weir::background(), weir::field<"request">(number));
  const auto request = weir::with_cancel(ids); // ends when this returns, as a server's does
  // The task's own context keeps the request's fields, and not its end.
  asio::post(pool, background.task("audit", weir::without_cancel(request.ctx), [&log, of = request.ctx] {
    of.wait();
    WEIR_INFO(log, "has ended");
  }));
  try {
    std::printf("%d: %s\n", number, make_page(request.ctx, pool, number).c_str());
  } catch (const std::exception& error) { // weir::group_error has them one by one
    std::printf("%d: %s\n", number, error.what());
  }
}

} // namespace

int main() {
  weir::logger& log = weir::default_log().get_logger("audit");
  asio::thread_pool pool(4);
  weir::task_group background(weir::background(), weir::on_failure::keep_going);
  for (int number = 1; number <= 3; ++number) handle(pool, background, log, number);
  // Shutdown: what the requests have left behind has its time, and is then told to stop.
  if (!background.wait_until(weir::context::clock::now() + 5s)) background.cancel(weir::cancel_reason::shutdown);
  std::printf("in the background: %zu succeeded\n", background.wait().succeeded);
}
