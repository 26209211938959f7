// Records of text whose level and position are known only at run time, and handles that outlive a stream.
#include "weir/log/logger.hpp"

#include "captured_stream.hpp"
#include "well_formed.hpp"
#include "with_position.hpp"

#include "weir/log/own_thread_sink.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <thread>

using weir::level;

TEST_CASE("log_text: text, level and position are as given", "[log][text]") {
  captured_stream test({.threshold = level::trace}, with_position());
  test.log().log_text(level::warn, "100 % {} {:", {.file = "a/b.rs", .line = 7, .function = "run"});
  CHECK(test.last_line() == "warn test a/b.rs:7 run: 100 % {} {:");
  test.log().log_text(level::trace, "");
  CHECK(test.last_line() == "trace test :0 : ");
}

TEST_CASE("log_text: nothing is logged below the threshold, at off, or at no level at all", "[log][text]") {
  captured_stream test({.threshold = level::warn});
  test.log().log_text(level::info, "below");
  test.log().log_text(level::off, "off");
  test.log().log_text(static_cast<level>(200), "none");
  test.log().set_threshold(level::off);
  test.log().log_text(level::critical, "all off");
  CHECK(test.lines().empty());
}

TEST_CASE("log_text: what it is given may change as soon as it returns", "[log][text]") {
  captured_stream test({}, with_position());
  for (int i = 0; i < 3; ++i) {
    auto file = std::make_unique<std::string>("file " + std::to_string(i));
    auto function = std::make_unique<std::string>("function " + std::to_string(i));
    auto text = std::make_unique<std::string>("text " + std::to_string(i));
    test.log().log_text(level::info, *text, {.file = *file, .line = 1, .function = *function});
    *text = "xxxxxx";
    *file = "xxxxxx";
  }
  CHECK(test.lines() == std::vector<std::string>{"info test file 0:1 function 0: text 0",
                                                 "info test file 1:1 function 1: text 1",
                                                 "info test file 2:1 function 2: text 2"});
}

TEST_CASE("log_text: a copy for a sink's own thread has its position, too", "[log][text]") {
  auto target = std::make_shared<weir::testing::capturing_sink>(with_position());
  {
    weir::log_stream stream({.sinks = {weir::on_own_thread(target)}});
    stream.get_logger("l").log_text(level::info, "text", {.file = "f", .line = 1, .function = "g"});
    stream.get_logger("l").info("literal");
  }
  const auto lines = target->lines();
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] == "info l f:1 g: text");
  CHECK(lines[1].ends_with(": literal"));
}

TEST_CASE("log_text: ids, a logger's fields and a context's go with it", "[log][text]") {
  captured_stream test({}, weir::as_json());
  const auto fields = weir::carried_fields::make(nullptr, weir::field<"request">(5));
  const weir::correlation ids{1, 2, 3, fields.get()};
  auto bound = test.log().with(weir::field<"peer">("p"));
  weir::current_correlation = &ids;
  bound.log_text(level::info, "t");
  weir::current_correlation = nullptr;
  CHECK(test.last_line().ends_with(
      R"("message":"t","trace_id":"00000000000000010000000000000002","span_id":"0000000000000003","peer":"p","request":5})"));
}

TEST_CASE("log_text: hostile bytes become one line of valid UTF-8", "[log][text]") {
  const std::string_view hostile("a\n\x1b[2J\xff\0\xe2\x80\xa8\"\\", 13);
  captured_stream text;
  text.log().log_text(level::info, hostile, {.file = hostile, .line = 1, .function = hostile});
  CHECK(is_one_valid_line(text.last_line()));
  captured_stream json({}, weir::as_json());
  json.log().log_text(level::info, hostile);
  const std::string line = json.last_line();
  const auto begin = line.find(R"("message":")") + 11;
  CHECK(is_json_string_inside(std::string_view(line).substr(begin, line.rfind('"') - begin)));
}

TEST_CASE("log_text: what is larger than the limit is cut, the longest string first", "[log][text]") {
  captured_stream test({.record_limit_bytes = 1024}, with_position());
  test.log().log_text(level::info, std::string(5000, 'm'), {.file = "kept.cpp", .line = 1, .function = "kept"});
  CHECK(test.last_line().starts_with("info test kept.cpp:1 kept: mmmm"));
  CHECK(test.last_line().ends_with("bytes cut]"));
  test.log().log_text(level::info, "kept", {.file = std::string(5000, 'f'), .line = 1, .function = "kept"});
  CHECK(test.last_line().find("f:1 kept: kept [") != std::string::npos);
  CHECK(test.last_line().size() < 1200);
}

TEST_CASE("log_text: records of many threads are all there", "[log][text][concurrent]") {
  captured_stream test;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 2000; ++i) test.log().log_text(level::info, std::to_string(t), {.file = "f", .line = 1});
    });
  for (auto& each : threads) each.join();
  CHECK(test.lines().size() == 8000);
  CHECK(test.sink().count("3") == 2000);
}

TEST_CASE("stream: a shared handle closes nothing, and outlives the stream", "[log][stream]") {
  auto sink = std::make_shared<weir::testing::capturing_sink>();
  auto stream = std::make_unique<weir::log_stream>(weir::log_options{.sinks = {sink}});
  {
    weir::log_stream passing = stream->share();
    passing.get_logger("l").info("through the handle");
  }
  stream->get_logger("l").info("the stream is still there");
  CHECK(stream->flush());
  CHECK(sink->size() == 2);

  weir::log_stream left = stream->share();
  weir::logger& log = left.get_logger("l");
  stream.reset();
  log.info("nobody is there");
  left.get_logger("new").info("nor here");
  CHECK(left.stats().dropped_closed == 2);
  CHECK(left.flush().error == std::errc::operation_canceled);
  CHECK(sink->size() == 2);
}
