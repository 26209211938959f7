// Sinks that fail: what they do not take is counted, to the record.
#include "weir/log/sink.hpp"

#include "captured_stream.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <string>

using weir::log_stats;
using weir::log_stream;
using weir::testing::capturing_sink;

namespace {
void check_balance(const log_stats& stats, std::uint64_t calls) {
  CHECK(stats.accepted == calls);
  CHECK(stats.accepted == stats.written + stats.dropped());
}
} // namespace

TEST_CASE("loss: a record that a sink refuses is lost alone", "[log][loss]") {
  captured_stream test;
  test.sink().refuse("bad");
  for (int i = 0; i < 10; ++i) WEIR_INFO(test.log(), "{} {}", i % 3 == 0 ? "bad" : "good", i);
  test.stream().flush();
  CHECK(test.sink().count("good") == 6);
  check_balance(test.stream().stats(), 10);
  CHECK(test.stream().stats().dropped_sink == 4);
  CHECK(test.stream().stats().sink_errors == 4);
}

TEST_CASE("loss: what a commit loses are the last records that the sink had taken", "[log][loss]") {
  // Ten records in one batch; the ninth is refused, two more are lost by the commit: the eighth and the tenth.
  captured_stream test;
  test.sink().block();
  test.log().info("first batch");
  test.sink().wait_until_blocked();
  for (int i = 1; i <= 10; ++i) WEIR_INFO(test.log(), "record {}.", i);
  test.sink().refuse("record 9.");
  test.sink().lose_last(2);
  test.sink().unblock();
  test.stream().flush();
  // The first batch is one record, which is lost as well.
  CHECK(test.sink().count("record 7.") == 1);
  CHECK(test.sink().count("record 8.") == 0);
  CHECK(test.sink().count("record 10.") == 0);
  check_balance(test.stream().stats(), 11);
  CHECK(test.stream().stats().dropped_sink == 4);
}

TEST_CASE("loss: a commit that throws loses its batch, and the next is offered again", "[log][loss]") {
  captured_stream test;
  test.sink().throw_on_commit(true);
  for (int i = 0; i < 3; ++i) test.log().info("lost");
  test.stream().flush();
  CHECK(test.stream().stats().dropped_sink == 3);
  test.sink().throw_on_commit(false);
  test.log().info("kept");
  test.stream().flush();
  CHECK(test.sink().count("kept") == 1);
  check_balance(test.stream().stats(), 4);
}

TEST_CASE("loss: a failing sink harms no other, and a record lost by two counts once", "[log][loss]") {
  const auto good = std::make_shared<capturing_sink>(as_bare_text(), "good");
  const auto bad = std::make_shared<capturing_sink>(as_bare_text(), "bad");
  const auto worse = std::make_shared<capturing_sink>(as_bare_text(), "worse");
  bad->refuse("x");
  worse->throw_on_commit(true);
  log_stream stream({.sinks = {bad, good, worse}});
  for (int i = 0; i < 100; ++i) stream.get_logger("l").info("x {}", i);
  stream.flush();
  CHECK(good->count("x ") == 100);
  check_balance(stream.stats(), 100);
  CHECK(stream.stats().dropped_sink == 100);
}

TEST_CASE("loss: a sink's loss does not touch records that were not for it", "[log][loss]") {
  const auto bad = std::make_shared<capturing_sink>(as_bare_text(), "bad");
  const auto good = std::make_shared<capturing_sink>(as_bare_text(), "good");
  bad->throw_on_commit(true);
  log_stream stream({.sinks = {good}});
  weir::logger& to_bad = stream.get_logger("bad", {bad});
  weir::logger& to_good = stream.get_logger("good");
  bad->set_threshold(weir::level::warn);
  for (int i = 0; i < 10; ++i) {
    to_good.info("good");
    to_bad.info("below the bad sink's threshold");
    to_bad.warn("lost");
  }
  stream.flush();
  CHECK(good->count("good") == 10);
  check_balance(stream.stats(), 30);
  CHECK(stream.stats().dropped_sink == 10);
}
