#include "weir/context.hpp"
#include "weir/context_fields.hpp"
#include "weir/context_metrics.hpp"
#include "weir/log.hpp"
#include "weir/log_task_failures.hpp"

#include <chrono>
#include <future>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "failures.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using weir_test::failure_log;

TEST_CASE("task_failure: what throws is counted and given to the handler, with its context", "[context]") {
  failure_log log;
  const auto before = weir::task_failures();
  const auto ctx = weir::with_correlation(weir::background(), {1, 2, 3});
  weir::report_task_failure(ctx, "resize", std::make_exception_ptr(std::runtime_error("no space")));
  weir::report_task_failure(ctx, "nothing", nullptr);
  CHECK(weir::task_failures() == before + 1);
  CHECK(log.tasks() == std::vector<std::string>{"resize"});
  CHECK(log.contexts() == std::vector{ctx});
}

TEST_CASE("task_failure: a callback's exception is reported under the context that ended, and the others still run",
          "[context]") {
  failure_log log;
  const auto before = weir::task_failures();
  const auto [ctx, cancel] = weir::with_cancel(weir::background());
  const auto valued = weir::with_correlation(ctx, {1, 2, 3});
  const auto [child, cancel_child] = weir::with_cancel(valued);
  int ran = 0;
  const auto bad = child.on_done([] { throw std::runtime_error("a bad listener"); });
  const auto good = child.on_done([&ran] { ++ran; });
  cancel();
  CHECK(ran == 1);
  CHECK(log.contexts() == std::vector{child});
  // On one that is done already, too.
  CHECK_FALSE(valued.on_done([] { throw std::runtime_error("a bad listener"); }));
  CHECK(log.tasks() == std::vector<std::string>(2, "on_done callback"));
  CHECK(log.contexts().back() == valued);
  CHECK(weir::task_failures() == before + 2);
}

TEST_CASE("task_failure: what a handler throws is swallowed", "[context]") {
  weir::set_task_failure_handler([](const weir::task_failure&) { throw std::runtime_error("a bad handler"); });
  const auto before = weir::task_failures();
  weir::report_task_failure({}, "task", std::make_exception_ptr(1));
  CHECK(weir::task_failures() == before + 1);
  weir::set_task_failure_handler({});
}

TEST_CASE("task_failure: in the log a failure has the ids and fields of its request", "[context]") {
  const auto lines = weir::memory_sink({}, weir::as_logfmt());
  weir::log_stream stream({.sinks = {lines}});
  weir::log_task_failures(stream.get_logger("tasks"));
  const auto ctx =
      weir::with_fields(weir::with_correlation(weir::background(), {1, 2, 3}), weir::field<"user">("ada"));
  weir::report_task_failure(ctx, "resize", std::make_exception_ptr(std::runtime_error("no space")));
  weir::set_task_failure_handler({});
  REQUIRE(stream.flush());
  REQUIRE(lines->snapshot().size() == 1);
  const std::string line = lines->snapshot().front();
  for (const char* part : {"level=error", "logger=tasks", "message=\"resize failed: no space\"", "task=resize",
                           "user=ada", "trace_id=00000000000000010000000000000002", "span_id=0000000000000003"}) {
    INFO(line);
    CHECK(line.find(part) != std::string::npos);
  }
}

TEST_CASE("task_failure: is a metric", "[context]") {
  failure_log log;
  weir::metrics_registry registry;
  const auto held = weir::register_context_metrics(registry);
  weir::report_task_failure({}, "task", std::make_exception_ptr(1));
  double shown = 0;
  for (const auto& family : registry.collect())
    if (family.name == "weir_task_failures_total") shown = family.series.at(0).value;
  CHECK(shown == static_cast<double>(weir::task_failures()));
}

TEST_CASE("task_failure: the code of an exception", "[context]") {
  using weir::error_code_of;
  CHECK(error_code_of(std::make_exception_ptr(std::system_error(std::make_error_code(std::errc::io_error)))) ==
        std::errc::io_error);
  CHECK(error_code_of(std::make_exception_ptr(std::future_error(std::future_errc::no_state))) ==
        std::future_errc::no_state);
  CHECK_FALSE(error_code_of(std::make_exception_ptr(std::runtime_error("no code"))));
  CHECK_FALSE(error_code_of(std::make_exception_ptr(1)));
  CHECK_FALSE(error_code_of(nullptr));
}

TEST_CASE("task_failure: an error is for a context's end only if that has ended, and it says so", "[context]") {
  const auto error = [](auto code) { return std::make_exception_ptr(std::system_error(make_error_code(code))); };
  const auto [ctx, cancel] = weir::with_cancel(weir::background());
  CHECK_FALSE(ended_with(ctx, error(weir::context_errc::canceled)));
  cancel();
  CHECK(ended_with(ctx, error(weir::context_errc::canceled)));
  CHECK(ended_with(ctx, error(std::errc::operation_canceled)));
  CHECK_FALSE(ended_with(ctx, error(weir::context_errc::deadline_exceeded)));
  CHECK_FALSE(ended_with(ctx, error(std::errc::io_error)));
  CHECK_FALSE(ended_with(ctx, std::make_exception_ptr(std::runtime_error("no code"))));
  const auto [timed, cancel_timed] = weir::with_timeout(weir::background(), -1s);
  CHECK(ended_with(timed, error(weir::context_errc::deadline_exceeded)));
}
