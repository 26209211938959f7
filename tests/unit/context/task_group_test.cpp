#include "weir/context.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <future>
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "failures.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using weir_test::failure_log;

namespace {

std::string what(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& thrown) {
    return thrown.what();
  }
}

} // namespace

TEST_CASE("task_group: waits for every task, each under the group's context", "[context][concurrent]") {
  const auto [ctx, cancel] = weir::with_cancel(weir::background());
  weir::task_group group(ctx);
  std::array<int, 3> results{};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i)
    threads.emplace_back(
        group.task("square", [&group, &out = results[static_cast<std::size_t>(i)], i](const weir::context& mine) {
          if (mine == group.ctx() && weir::current_context() == mine) out = i * i;
        }));
  const weir::group_result result = group.wait();
  CHECK(result);
  CHECK(result.succeeded == 3);
  CHECK_FALSE(result.error);
  CHECK(results == std::array{0, 1, 4});
  CHECK_FALSE(group.ctx().done());
  for (auto& each : threads) each.join();
}

TEST_CASE("task_group: the first failure calls off the rest, and every error is kept", "[context][concurrent]") {
  failure_log log;
  weir::task_group group(weir::background());
  std::latch failing(2);
  const auto fails = [&](const char* text) {
    return [&failing, text] {
      failing.arrive_and_wait(); // both fail of their own accord
      throw std::runtime_error(text);
    };
  };
  std::vector<std::thread> threads;
  threads.emplace_back(group.task("first", fails("no route")));
  threads.emplace_back(group.task("second", fails("no space")));
  threads.emplace_back(group.task("third", [](const weir::context& ctx) {
    ctx.wait();
    throw std::system_error(ctx.error());
  }));
  const auto late = group.task("fourth", [&] { FAIL_CHECK("is not to be started"); });
  for (std::size_t i = 0; i < 3; ++i) threads[i].join();
  late();
  const weir::group_result result = group.wait();
  CHECK_FALSE(result);
  CHECK(result.succeeded == 0);
  CHECK(result.canceled == 2);
  REQUIRE(result.failures.size() == 2);
  CHECK(what(result.failures[0].error) == (result.failures[0].task == "first" ? "no route" : "no space"));
  CHECK(result.failures[0].task != result.failures[1].task);
  CHECK(result.error == weir::context_errc::canceled);
  CHECK(group.ctx().cause().reason == weir::cancel_reason::application);
  CHECK(group.ctx().cause().text == result.failures[0].task + " failed");
  try {
    result.throw_if_failed();
    FAIL("throws");
  } catch (const weir::group_error& error) {
    CHECK(error.result().failures.size() == 2);
    CHECK(std::string(error.what()).find("second: no space") != std::string::npos);
    CHECK(std::string(error.what()).find("first: no route") != std::string::npos);
  }
  CHECK(log.tasks().size() == 2); // what was cancelled has not failed
}

TEST_CASE("task_group: the cause of those called off carries the code of the failure", "[context]") {
  failure_log log;
  weir::task_group group(weir::background());
  group.task("read", [] { throw std::system_error(std::make_error_code(std::errc::io_error)); })();
  CHECK(group.ctx().cause().error == std::errc::io_error);
  CHECK(group.ctx().error() == weir::context_errc::canceled);
}

TEST_CASE("task_group: may go on after failures", "[context]") {
  failure_log log;
  weir::task_group group(weir::background(), weir::on_failure::keep_going);
  group.task("bad", [] { throw 42; })();
  int ran = 0;
  group.task("good", [&] { ++ran; })();
  const auto result = group.wait();
  CHECK(ran == 1);
  CHECK(result.succeeded == 1);
  CHECK(result.failures.size() == 1);
  CHECK_FALSE(result.error);
  CHECK_THROWS_WITH(result.throw_if_failed(), "bad: unknown exception");
}

TEST_CASE("task_group: ends with its parent, and says so", "[context]") {
  const auto [ctx, cancel] = weir::with_cancel(weir::background());
  weir::task_group group(ctx);
  const auto task = group.task("late", [] {});
  cancel(weir::cancel_reason::client_closed);
  task();
  const auto result = group.wait();
  CHECK(result.canceled == 1);
  CHECK(result.failures.empty());
  CHECK(group.ctx().reason() == weir::cancel_reason::client_closed);
  try {
    result.throw_if_failed();
    FAIL("throws");
  } catch (const std::system_error& error) {
    CHECK(error.code() == weir::context_errc::canceled);
  }
}

TEST_CASE("task_group: a task that was dropped uncalled has failed, and nobody waits for ever", "[context]") {
  failure_log log;
  weir::task_group group(weir::background());
  {
    const auto dropped = group.task("dropped", [] {});
  }
  const auto result = group.wait();
  REQUIRE(result.failures.size() == 1);
  CHECK(weir::error_code_of(result.failures[0].error) == std::future_errc::broken_promise);
  // Of a group that has ended it is cancelled.
  {
    const auto dropped = group.task("dropped too", [] {});
  }
  CHECK(group.wait().canceled == 1);
  CHECK(log.tasks() == std::vector<std::string>{"dropped"});
}

TEST_CASE("task_group: copies are the same task, which runs once", "[context]") {
  weir::task_group group(weir::background());
  int ran = 0;
  {
    const std::function<void()> task = group.task("once", [&ran] { ++ran; });
    const auto copy = task;
    task();
    copy();
    CHECK(ran == 1);
    CHECK(group.wait().succeeded == 1);
  }
  CHECK(group.wait().failures.empty());
}

TEST_CASE("task_group: what a task captured is gone before the group is done", "[context]") {
  weir::task_group group(weir::background());
  const auto held = std::make_shared<int>();
  const auto task = group.task("holds", [copy = held] {});
  CHECK(held.use_count() == 2);
  task();
  CHECK(held.use_count() == 1);
  group.cancel();
  const auto skipped = group.task("holds", [copy = held] {});
  skipped();
  CHECK(held.use_count() == 1);
}

TEST_CASE("task_group: one that lives long keeps the first failures, and counts all", "[context]") {
  failure_log log;
  weir::task_group group(weir::background(), weir::on_failure::keep_going);
  for (int i = 0; i < 1000; ++i) group.task(std::to_string(i), [] { throw std::runtime_error("again"); })();
  const auto result = group.wait();
  CHECK(result.failed == 1000);
  REQUIRE(result.failures.size() == weir::group_result::most_failures);
  CHECK(result.failures.back().task == "63");
  CHECK_FALSE(result);
  CHECK_THROWS_WITH(result.throw_if_failed(), Catch::EndsWith("63: again; and 936 more"));
  CHECK(log.tasks().size() == 1000);
}

TEST_CASE("task_group: its destructor ends the context and waits", "[context][concurrent]") {
  std::atomic<bool> ended{false};
  std::thread thread;
  {
    weir::task_group group(weir::background());
    std::latch started(1);
    thread = std::thread(group.task("works", [&](const weir::context& ctx) {
      started.count_down();
      ctx.wait();
      ended = true;
    }));
    started.wait(); // or it would not be
  }
  CHECK(ended);
  thread.join();
}

TEST_CASE("task_group: a task that waits for its own group is told, and may destroy it", "[context]") {
  failure_log log;
  auto group = std::make_unique<weir::task_group>(weir::background());
  const auto task = group->task("waits", [&] {
    weir::task_group inner(weir::background());
    inner.task("within", [&] {
      try {
        group->wait();
        FAIL_CHECK("throws");
      } catch (const std::system_error& error) {
        CHECK(error.code() == std::errc::resource_deadlock_would_occur);
      }
    })();
    CHECK(inner.wait().succeeded == 1);
    group.reset();
  });
  task();
  CHECK(group == nullptr);
  CHECK(log.tasks().empty());
}

TEST_CASE("task_group: what is called for a task's failure must not wait for the group, and may destroy it",
          "[context]") {
  auto group = std::make_unique<weir::task_group>(weir::background());
  std::vector<std::error_code> told;
  const auto wait = [&] {
    try {
      group->wait_until(weir::context::clock::now());
    } catch (const std::system_error& error) {
      told.push_back(error.code());
    }
  };
  weir::set_task_failure_handler([&](const weir::task_failure&) { wait(); });
  const auto waits = group->ctx().on_done(wait);
  const auto destroys = group->ctx().on_done([&] { group.reset(); });
  group->task("fails", [] { throw std::runtime_error("no"); })();
  weir::set_task_failure_handler({});
  CHECK(group == nullptr);
  REQUIRE(told.size() == 2);
  CHECK(told[0] == std::errc::resource_deadlock_would_occur);
  CHECK(told[1] == std::errc::resource_deadlock_would_occur);
}

TEST_CASE("task_group: a function that cannot be copied is no task", "[context]") {
  failure_log log;
  struct uncopyable {
    uncopyable() = default;
    uncopyable(const uncopyable&) { throw std::runtime_error("no copies"); }
    void operator()() const {}
  };
  weir::task_group group(weir::background());
  const uncopyable function;
  CHECK_THROWS_AS(group.task("never", function), std::runtime_error);
  CHECK_THROWS_AS(group.task("never", weir::background(), function), std::runtime_error);
  CHECK(group.wait());
  CHECK_FALSE(group.ctx().done());
  CHECK(log.tasks().empty());
}

TEST_CASE("task_group: the error of a task that its own context ended says so", "[context]") {
  weir::task_group group(weir::background());
  const auto [own, cancel] = weir::with_cancel(weir::background());
  const auto late = group.task("own", own, [] { FAIL_CHECK("is not to be started"); });
  cancel();
  late();
  const weir::group_result result = group.wait();
  CHECK(result.canceled == 1);
  CHECK_FALSE(result.error); // the group's context goes on
  try {
    result.throw_if_failed();
    FAIL("throws");
  } catch (const std::system_error& error) {
    CHECK(error.code() == weir::context_errc::canceled);
  }
}

TEST_CASE("task_group: work that is no function has an entry", "[context]") {
  failure_log log;
  weir::task_group group(weir::background(), weir::on_failure::keep_going);
  weir::group_entry good = group.enter("good");
  weir::group_entry bad = group.enter("bad");
  CHECK(good.ctx() == group.ctx());
  CHECK_FALSE(group.wait_until(weir::context::clock::now()));
  good.end();
  good.end(std::make_exception_ptr(std::runtime_error("too late")));
  CHECK_FALSE(good);
  bad = group.enter("other"); // what it was for has been dropped
  bad.end(std::make_exception_ptr(std::runtime_error("failed")));
  const auto result = group.wait_until(weir::context::clock::now());
  REQUIRE(result);
  CHECK(result->succeeded == 1);
  CHECK(result->failures.size() == 2);
}

TEST_CASE("task_group: tells an event loop when it is idle", "[context][concurrent]") {
  failure_log log;
  weir::task_group group(weir::background());
  int told = 0;
  group.when_idle([&] { ++told; });
  CHECK(told == 1);
  const auto task = group.task("last", [] {});
  std::promise<weir::group_result> idle;
  group.when_idle([&] { idle.set_value(group.result()); });
  group.when_idle([] { throw std::runtime_error("a bad listener"); });
  std::thread(task).detach();
  CHECK(idle.get_future().get().succeeded == 1);
  CHECK(group.wait().succeeded == 1);
  while (log.tasks().empty()) std::this_thread::yield(); // told after us
  CHECK(log.tasks() == std::vector<std::string>{"when_idle"});
}

TEST_CASE("task_group: many threads start, fail, cancel and wait", "[context][concurrent]") {
  failure_log log;
  for (int round = 0; round < 50; ++round) {
    weir::task_group group(weir::background(),
                           round % 2 == 0 ? weir::on_failure::cancel_rest : weir::on_failure::keep_going);
    std::atomic<std::size_t> run{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&, t] {
        for (int i = 0; i < 25; ++i) {
          const auto task = group.task("task", [&, i] {
            ++run;
            if (i == 20 && t == 0) throw std::runtime_error("fails");
          });
          task();
          if (t == 1 && i == 12) static_cast<void>(group.wait_until({}));
          if (t == 3 && i == 24 && round % 3 == 0) group.cancel();
        }
      });
    for (auto& each : threads) each.join();
    const auto result = group.wait();
    CHECK(result.succeeded + result.canceled + result.failures.size() == 100);
    CHECK(run == result.succeeded + result.failures.size());
  }
}
