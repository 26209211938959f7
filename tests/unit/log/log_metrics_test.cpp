#include "weir/log_metrics.hpp"

#include "captured_stream.hpp"
#include "weir/context.hpp"
#include "weir/context_recording.hpp"

#include "weir/metrics/names.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

weir::family_snapshot family(const weir::metrics_registry& registry, std::string_view name) {
  for (auto& each : registry.collect())
    if (each.name == name) return each;
  throw std::out_of_range(std::string(name));
}

double value(const weir::metrics_registry& registry, std::string_view name, const std::string& label = "") {
  for (const auto& each : family(registry, name).series)
    if (label.empty() || each.label_values.at(0) == label) return each.value;
  throw std::out_of_range(std::string(name));
}

} // namespace

TEST_CASE("log metrics: they are right while a sink hangs and records are dropped", "[log][metrics]") {
  captured_stream test({.overflow = weir::overflow_policy::drop_newest,
                        .memory_limit_bytes = 64 * 1024,
                        .chunk_bytes = 4096,
                        .record_limit_bytes = 4096});
  weir::metrics_registry registry;
  const auto held = weir::register_log_metrics(registry, test.stream());
  test.sink().block();
  test.log().info("first");
  test.sink().wait_until_blocked();
  CHECK(value(registry, "weir_log_dropped_total", "queue_full") == 0);
  constexpr int calls = 10'000;
  for (int i = 0; i < calls; ++i) WEIR_INFO(test.log(), "record {}", i);
  const double dropped = value(registry, "weir_log_dropped_total", "queue_full");
  CHECK(dropped > 0);
  CHECK(value(registry, "weir_log_records_total", "dropped") == dropped);
  WEIR_INFO(test.log(), "one more");
  CHECK(value(registry, "weir_log_dropped_total", "queue_full") == dropped + 1);
  CHECK(value(registry, "weir_log_queue_bytes") > 32 * 1024);
  CHECK(value(registry, "weir_log_memory_bytes") > 60 * 1024);
  CHECK(value(registry, "weir_log_memory_limit_bytes") == 64 * 1024);

  weir::logger& patient = test.stream().get_logger("patient");
  patient.set_overflow({weir::overflow_policy::block_with_limit, std::chrono::milliseconds(2)});
  WEIR_INFO(patient, "in vain");
  CHECK(value(registry, "weir_log_dropped_total", "block_limit") == 1);
  CHECK(value(registry, "weir_log_blocked_calls_total") == 1);
  CHECK(value(registry, "weir_log_blocked_seconds_total") >= .002);
  CHECK(value(registry, "weir_log_blocked_threads") == 0);

  test.sink().unblock();
  CHECK(test.stream().flush(std::chrono::minutes(1)));
  CHECK(value(registry, "weir_log_records_total", "accepted") == calls + 3);
  CHECK(value(registry, "weir_log_records_total", "written") == calls + 1 - dropped);
  CHECK(value(registry, "weir_log_queue_bytes") == 0);
}

TEST_CASE("log metrics: statements held back by their limits are counted", "[log][metrics][limit]") {
  captured_stream test;
  weir::metrics_registry registry;
  const auto held = weir::register_log_metrics(registry, test.stream());
  for (int i = 0; i < 7; ++i) WEIR_INFO_LIMITED(test.log(), weir::once(), "x");
  CHECK(value(registry, "weir_log_suppressed_total") == 6);
}

TEST_CASE("log metrics: batches, writes and flushes are histograms", "[log][metrics]") {
  captured_stream test;
  weir::metrics_registry registry;
  const auto held = weir::register_log_metrics(registry, test.stream());
  for (int i = 0; i < 100; ++i) WEIR_INFO(test.log(), "{}", i);
  CHECK(test.stream().flush(std::chrono::minutes(1)));
  const auto stats = test.stream().stats();
  const auto batches = family(registry, "weir_log_batch_records").series.at(0).histogram;
  CHECK(batches.sum == 100);
  CHECK(batches.count() == stats.batch_records.count());
  CHECK(batches.cumulative.size() == weir::metric_names::batch_records.size() + 1);
  const auto writes = family(registry, "weir_log_write_seconds").series.at(0).histogram;
  CHECK(writes.count() == batches.count());
  CHECK(writes.sum == Approx(std::chrono::duration<double>(stats.write_time.sum).count()));
  CHECK(family(registry, "weir_log_flush_seconds").series.at(0).histogram.count() >= 1);
}

TEST_CASE("log metrics: every name of the catalogue that is the log's is shown", "[log][metrics]") {
  captured_stream test;
  weir::metrics_registry registry;
  const auto held = weir::register_log_metrics(registry, test.stream());
  const auto shown = registry.collect();
  weir::metric_names::for_each([&](const auto& description) {
    if (!description.name.starts_with("weir_log_")) return;
    INFO(description.name);
    CHECK(std::ranges::count(shown, description.name, &weir::family_snapshot::name) == 1);
  });
}

TEST_CASE("log metrics: the flight recorder's numbers", "[log][metrics]") {
  captured_stream test({.recorder = weir::recorder_options{.bytes = 1024, .memory_limit_bytes = 1024}});
  weir::metrics_registry registry;
  const auto held = weir::register_log_metrics(registry, test.stream());
  weir::recording first(test.stream()), second(test.stream());
  const auto log_under = [&](const weir::recording& kept, int records) {
    const weir::context ctx = weir::with_recording({}, kept);
    const weir::context_scope current(ctx);
    for (int i = 0; i < records; ++i) WEIR_DEBUG(test.log(), "{}", i);
  };
  log_under(first, 100);
  log_under(second, 3); // for which there is no memory
  const auto result = first.emit();
  CHECK(value(registry, "weir_log_recorder_records_total", "emitted") == static_cast<double>(result.records));
  CHECK(value(registry, "weir_log_recorder_records_total", "overwritten") == static_cast<double>(result.overwritten));
  CHECK(result.records + result.overwritten == 100);
  CHECK(value(registry, "weir_log_recorder_records_total", "refused") == 3);
  CHECK(value(registry, "weir_log_recorder_bytes") == 1024);
}

TEST_CASE("log metrics: failures of sinks are counted", "[log][metrics]") {
  captured_stream test;
  weir::metrics_registry registry;
  const auto held = weir::register_log_metrics(registry, test.stream());
  test.sink().throw_on_commit(true);
  test.log().info("lost");
  CHECK(test.stream().flush(std::chrono::minutes(1)));
  CHECK(value(registry, "weir_log_sink_errors_total") >= 1);
  CHECK(value(registry, "weir_log_dropped_total", "sink") == 1);
}
