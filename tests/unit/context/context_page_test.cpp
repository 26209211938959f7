// The code of lib/docs/context.md that needs no Asio: every piece of it stands here, is compiled and run.
#include "weir/context.hpp"
#include "weir/log.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <future>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <system_error>
#include <thread>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;

namespace {

struct user_key {
  using value_type = std::string;
};

std::error_code add_up(const weir::context& ctx, std::span<const std::uint32_t> numbers, std::uint64_t& sum) {
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (i % 1024 == 0 && ctx.done()) return ctx.error();
    sum += numbers[i];
  }
  return {};
}

std::error_code answer_request(const weir::context& request, std::span<const std::uint32_t> numbers) {
  const auto [ctx, cancel] = weir::with_timeout(request, 2s); // ends with the request, after 2 s, or with this scope
  std::uint64_t sum = 0;
  return add_up(ctx, numbers, sum); // looks at ctx.done() now and then
}

std::error_code receive(const weir::context& ctx, int socket, std::span<char> into) {
  const weir::done_event ended(ctx);
  pollfd wanted[] = {{socket, POLLIN, 0}, {ended.fd(), POLLIN, 0}};
  while (::poll(wanted, 2, -1) < 0 && errno == EINTR) {
  }
  if (ctx.done()) return ctx.error();
  return ::read(socket, into.data(), into.size()) < 0 ? std::error_code(errno, std::generic_category())
                                                      : std::error_code();
}

/// A client's half that never hears from the other.
struct silent_connection {
  silent_connection() { REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) == 0); }
  silent_connection(const silent_connection&) = delete;
  silent_connection& operator=(const silent_connection&) = delete;
  ~silent_connection() {
    for (const int end : ends) ::close(end);
  }
  std::array<int, 2> ends{};
};

void legacy_call() {}

} // namespace

TEST_CASE("the page on contexts: from Go", "[context][concurrent]") {
  const weir::context parent = weir::background();
  const auto at = weir::context::clock::now() + 1h;
  {
    const auto [ctx, cancel] = weir::with_cancel(parent);
    cancel();
    CHECK(ctx.done());
    CHECK(ctx.error() == weir::context_errc::canceled);
    CHECK(ctx.reason() == weir::cancel_reason::application);
  }
  {
    const auto [ctx, cancel] = weir::with_cancel(parent);
    cancel({weir::cancel_reason::overload, std::make_error_code(std::errc::no_buffer_space), "queue full"});
    const weir::cancel_cause why = ctx.cause();
    CHECK(why.text == "queue full");
    CHECK(ctx.wait());
  }
  {
    const auto [ctx, cancel] = weir::with_deadline(parent, at, {.text = "the caller's"});
    const std::optional<weir::context::time_point> until = ctx.deadline();
    CHECK(until == at);
  }
  {
    const auto [ctx, cancel] = weir::with_timeout(parent, 1ms);
    CHECK(ctx.wait_for(1h));
    CHECK(ctx.error() == std::errc::timed_out);
  }
  {
    const weir::context ctx = weir::with_value<user_key>(parent, "ada");
    const std::string* user = ctx.value<user_key>();
    CHECK(*user == "ada");
    CHECK_FALSE(weir::without_cancel(parent).can_be_done());
  }
  {
    const auto [ctx, cancel] = weir::with_cancel(parent);
    int ran = 0;
    const auto f = [&ran] { ++ran; };
    weir::done_registration registration = ctx.on_done(f);
    CHECK(registration.stop());
    CHECK(ran == 0);
  }
  {
    const auto [ctx, cancel] = weir::with_cancel(parent);
    const auto f = [] {};
    weir::task_group group(ctx);
    std::jthread thread(group.task("prices", f));
    group.wait().throw_if_failed();
    weir::task_group going_on(ctx, weir::on_failure::keep_going);
  }
}

TEST_CASE("the page on contexts: loops", "[context]") {
  const std::array<std::uint32_t, 3000> numbers{1, 2, 3};
  std::uint64_t sum = 0;
  CHECK_FALSE(add_up(weir::background(), numbers, sum));
  CHECK(sum == 6);
  const auto [ctx, cancel] = weir::with_cancel(weir::background());
  cancel();
  CHECK(add_up(ctx, numbers, sum) == weir::context_errc::canceled);
  CHECK(answer_request(ctx, numbers) == weir::context_errc::canceled);
}

TEST_CASE("the page on contexts: blocking calls", "[context][concurrent]") {
  const auto [ctx, cancel] = weir::with_timeout(weir::background(), 1ms);
  const auto sleeps = [&ctx = ctx]() -> std::error_code {
    if (ctx.wait_for(1h)) return ctx.error();
    return {};
  };
  CHECK(sleeps() == weir::context_errc::deadline_exceeded);

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<int> queue;
  const auto takes = [&, &ctx = ctx]() -> std::error_code {
    std::unique_lock hold(mutex);
    if (!weir::wait(ctx, changed, hold, [&] { return !queue.empty(); })) return ctx.error();
    return {};
  };
  CHECK(takes() == weir::context_errc::deadline_exceeded);
  {
    std::unique_lock hold(mutex);
    CHECK_FALSE(weir::wait_until(ctx, changed, hold, weir::context::time_point::max(), [] { return false; }));
  }

  const silent_connection connection;
  std::array<char, 16> into{};
  CHECK(receive(ctx, connection.ends[0], into) == weir::context_errc::deadline_exceeded);

  const weir::stop_link link(ctx);
  const auto takes_a_token = [](std::stop_token stop) { return stop.stop_requested(); };
  CHECK(takes_a_token(link.get_token()));
  weir::cancel_reason seen{};
  {
    std::jthread thread([&seen](std::stop_token stop) {
      const auto [mine, end] = weir::with_stop_token(weir::background(), stop);
      mine.wait();
      seen = mine.reason();
    });
  }
  CHECK(seen == weir::cancel_reason::application);

  std::promise<int> promise;
  std::future<int> answer = promise.get_future();
  const auto awaits = [&answer, &ctx = ctx]() -> std::error_code {
    while (answer.wait_for(10ms) != std::future_status::ready)
      if (ctx.done()) return ctx.error();
    return {};
  };
  CHECK(awaits() == weir::context_errc::deadline_exceeded);
}

TEST_CASE("the page on contexts: a call with a limit of its own is given what is left", "[context]") {
  const auto [ctx, cancel] = weir::with_timeout(weir::background(), 1h);
  const auto left = ctx.deadline() ? *ctx.deadline() - weir::context::clock::now() : 30s;
  CHECK(left <= 1h);
  CHECK(left > 30s);
}

TEST_CASE("the page on contexts: the current context", "[context][concurrent]") {
  const auto request = weir::with_value<user_key>(weir::background(), "ada");
  const auto look = [] { return weir::current_context().value<user_key>() != nullptr; };
  {
    const weir::context_scope current(request);
    CHECK(look());
  }
  auto bound = weir::bind_context(request, look);
  bool found = false;
  std::thread([&] { found = bound(); }).join();
  CHECK(found);
}

TEST_CASE("the page on contexts: what cannot be interrupted is measured", "[context]") {
  const auto lines = weir::memory_sink();
  weir::log_stream stream({.sinks = {lines}});
  weir::logger& log = stream.get_logger("legacy");
  for (const bool ends : {false, true}) {
    const auto [ctx, cancel] = weir::with_cancel(weir::background());
    const weir::overrun late(ctx);
    legacy_call();
    if (ends) cancel();
    if (const auto by = late.elapsed(); by > 0ns) WEIR_WARN(log, "legacy_call went on for {} for nobody", by);
  }
  REQUIRE(stream.flush());
  CHECK(lines->snapshot().size() == 1);
}
