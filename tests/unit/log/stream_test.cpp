#include "weir/log/stream.hpp"

#include "captured_stream.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using weir::log_options;
using weir::log_stream;
using weir::testing::capturing_sink;

namespace {

std::shared_ptr<capturing_sink> bare_sink() { return std::make_shared<capturing_sink>(as_bare_text()); }

/// The message of the std::invalid_argument that `options` lead to.
std::string complaint(log_options options) {
  try {
    log_stream stream(std::move(options));
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "(none)";
}

} // namespace

TEST_CASE("stream: an option outside its range is refused by name and value", "[log][stream]") {
  const auto names = [](log_options options, const std::string& option, const std::string& value) {
    options.sinks.push_back(bare_sink());
    const std::string what = complaint(std::move(options));
    INFO(what);
    CHECK(what.find("log_options." + option) != what.npos);
    CHECK(what.find(value) != what.npos);
  };
  names({.chunk_bytes = 2048}, "chunk_bytes", "2048");
  names({.chunk_bytes = 5000}, "chunk_bytes", "5000");
  names({.chunk_bytes = 2 << 20}, "chunk_bytes", "2097152");
  names({.memory_limit_bytes = 100'000}, "memory_limit_bytes", "100000");
  names({.memory_limit_bytes = std::size_t{1} << 40}, "memory_limit_bytes", "1099511627776");
  names({.record_limit_bytes = 100}, "record_limit_bytes", "100");
  names({.memory_limit_bytes = 1 << 20, .record_limit_bytes = 1 << 20}, "record_limit_bytes", "1048576");
  names({.memory_limit_bytes = std::size_t{32} << 30, .record_limit_bytes = std::size_t{4} << 30},
        "record_limit_bytes", "4294967296");
  names({.close_limit = -1ms}, "close_limit", "-1");
  names({.close_limit = 2h}, "close_limit", "7200000");
  names({.flush_interval = -1ms}, "flush_interval", "-1");
  names({.flush_interval = 2h}, "flush_interval", "7200000");
  names({.flush_at = static_cast<weir::level>(9)}, "flush_at", "9");
  names({.threshold = static_cast<weir::level>(9)}, "threshold", "9");
  names({.overflow = static_cast<weir::overflow_policy>(5)}, "overflow", "5");
}

TEST_CASE("stream: a null sink, or one given twice, is refused", "[log][stream]") {
  CHECK(complaint({.sinks = {nullptr}}).find("null") != std::string::npos);
  const auto twice = bare_sink();
  CHECK(complaint({.sinks = {twice, twice}}).find("\"capturing\" twice") != std::string::npos);
}

TEST_CASE("stream: the options at the ends of their ranges are taken", "[log][stream]") {
  const auto small = bare_sink(), large = bare_sink();
  {
    log_stream least({.sinks = {small},
                      .memory_limit_bytes = 16384,
                      .chunk_bytes = 4096,
                      .record_limit_bytes = 1024,
                      .close_limit = 1h});
    log_stream most({.sinks = {large},
                     .memory_limit_bytes = std::size_t{64} << 30,
                     .chunk_bytes = 1 << 20,
                     .record_limit_bytes = std::size_t{1} << 30});
    least.get_logger("l").info("least");
    most.get_logger("l").info("most");
  }
  CHECK(small->lines() == std::vector<std::string>{"least"});
  CHECK(large->lines() == std::vector<std::string>{"most"});
}

TEST_CASE("stream: one name is one logger", "[log][stream]") {
  captured_stream test;
  CHECK(&test.stream().get_logger("a") == &test.stream().get_logger("a"));
  CHECK(&test.stream().get_logger("a") != &test.stream().get_logger("b"));
  CHECK(test.stream().get_logger("a").name() == "a");
}

TEST_CASE("stream: a logger with sinks of its own writes there only", "[log][stream]") {
  captured_stream test;
  const auto own = bare_sink();
  weir::logger& access = test.stream().get_logger("access", {own});
  CHECK(&access == &test.stream().get_logger("access"));
  access.info("to its own");
  test.log().info("to the default");
  CHECK(test.lines() == std::vector<std::string>{"to the default"});
  CHECK(own->lines() == std::vector<std::string>{"to its own"});
  CHECK(test.stream().stats().written == 2);
}

TEST_CASE("stream: loggers may share sinks", "[log][stream]") {
  captured_stream test;
  const auto shared = bare_sink();
  test.stream().get_logger("a", {shared}).info("a");
  test.stream().get_logger("b", {shared, bare_sink()}).info("b");
  test.stream().flush();
  CHECK(shared->lines() == std::vector<std::string>{"a", "b"});
}

TEST_CASE("stream: another stream's sink is refused by name, until that stream has closed", "[log][stream]") {
  const auto shared = std::make_shared<capturing_sink>(), other = std::make_shared<capturing_sink>();
  log_stream first({.sinks = {shared}});
  CHECK_THROWS_WITH(log_stream({.sinks = {other, shared}}), Catch::Contains("log_options.sinks hold \"capturing\""));
  log_stream second({.sinks = {other}}); // which the refused one has let go
  CHECK_THROWS_WITH(second.get_logger("l", {weir::null_sink(), shared}),
                    Catch::Contains("the sinks of logger l hold"));
  second.get_logger("l", {other}); // there is none of that name
  CHECK_THROWS_AS(first.get_logger("m", {other}), std::invalid_argument);

  CHECK(first.close(1min));
  second.get_logger("n", {shared}).info("now");
  CHECK(second.flush(1min));
  CHECK(shared->size() == 1);
  // A closed stream writes nothing, and so takes no sink.
  const auto unused = std::make_shared<capturing_sink>();
  first.get_logger("late", {unused});
  second.get_logger("o", {unused});
}

TEST_CASE("stream: one that could not be made has let go of its sinks", "[log][stream]") {
  const auto sink = std::make_shared<capturing_sink>();
  CHECK_THROWS_AS(log_stream({.sinks = {sink}, .levels = "l=loud"}), std::invalid_argument);
  CHECK_NOTHROW(log_stream({.sinks = {sink}}));
}

TEST_CASE("stream: a second logger of one name with sinks is refused", "[log][stream]") {
  captured_stream test;
  test.stream().get_logger("access", {bare_sink()});
  CHECK_THROWS_WITH(test.stream().get_logger("access", {bare_sink()}), Catch::Contains("access"));
  CHECK_THROWS_WITH(test.stream().get_logger("none", {}), Catch::Contains("none"));
  CHECK_THROWS_WITH(test.stream().get_logger("null", {nullptr}), Catch::Contains("null"));
  const auto twice = bare_sink();
  CHECK_THROWS_WITH(test.stream().get_logger("twice", {twice, twice}), Catch::Contains("twice"));
}

TEST_CASE("stream: a thread may log to several streams by turns", "[log][stream]") {
  captured_stream one, two;
  for (int i = 0; i < 100; ++i) {
    WEIR_INFO(one.log(), "one {}", i);
    WEIR_INFO(two.log(), "two {}", i);
  }
  const auto first = one.lines(), second = two.lines();
  REQUIRE(first.size() == 100);
  REQUIRE(second.size() == 100);
  CHECK(first.back() == "one 99");
  CHECK(second.back() == "two 99");
}

TEST_CASE("stream: a stream at the address of one that is gone is another", "[log][stream]") {
  for (int i = 0; i < 20; ++i) {
    captured_stream test;
    test.log().info("{}", i);
    CHECK(test.lines() == std::vector<std::string>{std::to_string(i)});
  }
}

TEST_CASE("flush: it returns true once everything has gone through the sinks", "[log][stream]") {
  captured_stream test;
  for (int i = 0; i < 10'000; ++i) WEIR_INFO(test.log(), "{}", i);
  CHECK(test.stream().flush());
  CHECK(test.sink().size() == 10'000);
  CHECK(test.sink().flushes() >= 1);
  const auto stats = test.stream().stats();
  CHECK(stats.accepted == 10'000);
  CHECK(stats.written == 10'000);
}

TEST_CASE("flush: with nothing to do it returns true", "[log][stream]") {
  captured_stream test;
  CHECK(test.stream().flush());
  CHECK(test.stream().flush());
}

TEST_CASE("flush: it returns false in time while a sink hangs", "[log][stream]") {
  captured_stream test;
  test.sink().block();
  test.log().info("stuck");
  CHECK_FALSE(test.stream().flush(10ms));
  CHECK_FALSE(test.stream().flush(0ms));
  CHECK_FALSE(test.stream().flush(-5ms));
  test.sink().unblock();
  CHECK(test.stream().flush());
  CHECK(test.sink().lines() == std::vector<std::string>{"stuck"});
}

TEST_CASE("flush: the longest limit that can be said is for ever, not for no time", "[log][stream]") {
  captured_stream test;
  for (int i = 0; i < 1000; ++i) WEIR_INFO(test.log(), "{}", i);
  CHECK(test.stream().flush(std::chrono::milliseconds::max()));
  CHECK(test.sink().size() == 1000);
  CHECK(test.stream().close(std::chrono::milliseconds::max()));
}

TEST_CASE("flush and close: called from a sink they return false and do not wait", "[log][stream]") {
  class reentrant final : public weir::sink {
   public:
    reentrant() : sink("reentrant") {}
    void append(const weir::record&) override {
      flushed = stream->flush(1h).complete;
      closed = stream->close(1h).complete;
    }
    weir::commit_result commit() override { return {}; }
    log_stream* stream = nullptr;
    bool flushed = true, closed = true;
  };
  const auto sink = std::make_shared<reentrant>();
  log_stream stream({.sinks = {sink}});
  sink->stream = &stream;
  stream.get_logger("l").info("x");
  CHECK(stream.close(1min)); // what the sink has begun
  CHECK_FALSE(sink->flushed);
  CHECK_FALSE(sink->closed);
}

TEST_CASE("flush: what a sink throws from it is reported, and harms nobody", "[log][stream]") {
  class thrower final : public weir::sink {
   public:
    thrower() : sink("thrower") {}
    void append(const weir::record&) override {}
    weir::commit_result commit() override { return {}; }
    void flush() override { throw 42; }
  };
  log_stream stream({.sinks = {std::make_shared<thrower>()}});
  stream.get_logger("l").info("x");
  CHECK_FALSE(stream.flush());
  CHECK(stream.stats().sink_errors == 1);
  CHECK(stream.stats().written == 1);
}

TEST_CASE("close: everything is written, and it may be called again", "[log][stream]") {
  captured_stream test;
  for (int i = 0; i < 10'000; ++i) WEIR_INFO(test.log(), "{}", i);
  CHECK(test.stream().close(1min));
  CHECK(test.sink().size() == 10'000);
  CHECK(test.stream().close(0ms));
  CHECK_FALSE(test.stream().flush());
}

TEST_CASE("close: it returns false in time while a sink hangs", "[log][stream]") {
  captured_stream test;
  test.sink().block();
  test.log().info("stuck");
  test.sink().wait_until_blocked();
  CHECK_FALSE(test.stream().close(10ms));
  CHECK_FALSE(test.stream().close(0ms));
  test.sink().unblock();
  CHECK(test.stream().close(1min));
  CHECK(test.sink().lines() == std::vector<std::string>{"stuck"});
}

TEST_CASE("close: what is logged afterwards is dropped and counted, exactly", "[log][stream]") {
  captured_stream test;
  test.log().info("before");
  test.stream().close(1min);
  for (int i = 0; i < 5; ++i) WEIR_INFO(test.log(), "after");
  test.log().info("after");
  test.stream().get_logger("new").info("after");
  test.log().debug("below the threshold");
  const auto stats = test.stream().stats();
  CHECK(stats.accepted == 8);
  CHECK(stats.written == 1);
  CHECK(stats.dropped_closed == 7);
  CHECK(stats.dropped() == 7);
  CHECK(test.sink().lines() == std::vector<std::string>{"before"});
}

TEST_CASE("close: what is logged after it has given up is dropped and counted", "[log][stream]") {
  captured_stream test;
  WEIR_INFO(test.log(), "first"); // opens the thread's chunk
  CHECK(test.stream().flush(1min));
  test.sink().block();
  WEIR_INFO(test.log(), "stuck");
  test.sink().wait_until_blocked();
  CHECK_FALSE(test.stream().close(0ms));
  WEIR_INFO(test.log(), "after");
  CHECK(test.stream().stats().dropped_closed == 1);
  test.sink().unblock();
  CHECK(test.stream().close(1min));
  CHECK(test.sink().lines() == std::vector<std::string>{"first", "stuck"});
}

TEST_CASE("close: the sinks are released, though threads remember the stream", "[log][stream]") {
  auto sink = bare_sink(), own = bare_sink();
  const std::weak_ptr<capturing_sink> watch = sink, watch_own = own;
  {
    log_stream stream({.sinks = {std::move(sink)}});
    stream.get_logger("l").info("x");
    stream.get_logger("own", {std::move(own)}).info("y");
    CHECK(stream.close(1min));
    CHECK(watch.expired());
    CHECK(watch_own.expired());
  }
}

TEST_CASE("stream: on_batch hears of every record once", "[log][stream]") {
  std::size_t records = 0, lost = 0; // written by the backend, read after close()
  {
    captured_stream test({.on_batch = [&](const weir::batch_report& report) {
      records += report.records;
      lost += report.lost;
    }});
    for (int i = 0; i < 5000; ++i) WEIR_INFO(test.log(), "{}", i);
    test.stream().flush();
    test.sink().lose_last(2);
    test.log().info("lost");
    test.stream().close(1min);
  }
  CHECK(records == 5001);
  CHECK(lost == 1);
}

TEST_CASE("stream: what on_batch throws is reported, and ends nothing", "[log][stream]") {
  captured_stream test({.on_batch = [](const weir::batch_report&) { throw std::runtime_error("on_batch failed"); }});
  test.log().info("x");
  CHECK(test.lines() == std::vector<std::string>{"x"});
  CHECK(test.stream().stats().sink_errors == 1);
}

TEST_CASE("stream: the ids of the work in hand appear in its records", "[log][stream]") {
  class ids final : public weir::renderer {
    void render(const weir::record& entry, weir::text_buffer& out) override {
      const auto* found = entry.ids();
      fmt::format_to(fmt::appender(out), "{}\n", found == nullptr ? 0 : found->span_id);
    }
  };
  captured_stream test({}, std::make_unique<ids>());
  const weir::correlation outer{1, 2, 3}, inner{1, 2, 4};
  test.log().info("");
  weir::current_correlation = &outer;
  test.log().info("");
  WEIR_INFO(test.log(), "{}", 1, weir::field<"k">("v"));
  weir::current_correlation = &inner;
  test.log().info("{}", std::vector<int>{}.size());
  weir::current_correlation = nullptr;
  test.log().info("");
  CHECK(test.lines() == std::vector<std::string>{"0", "3", "3", "4", "0"});
}
