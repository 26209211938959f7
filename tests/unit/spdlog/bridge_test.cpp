#define SPDLOG_ACTIVE_LEVEL SPDLOG_LEVEL_TRACE // before the first header of spdlog's, the bridge's among them
#include "weir/spdlog/bridge.hpp"

#include "log/captured_stream.hpp"
#include "log/run_program.hpp"
#include "log/temporary_directory.hpp"
#include "log/well_formed.hpp"
#include "log/with_position.hpp"

#include <spdlog/async.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <catch2/catch.hpp>

#include <latch>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using weir::level;

namespace {

/// A logger of spdlog's, not registered, that lets everything through.
spdlog::logger logger_into(weir::log_stream& stream, std::string name = "test") {
  spdlog::logger made(std::move(name), std::make_shared<weir::spdlog_bridge>(stream));
  made.set_level(spdlog::level::trace);
  return made;
}

} // namespace

TEST_CASE("spdlog bridge: name, level, text and position come through", "[spdlog]") {
  captured_stream test({.threshold = level::trace}, with_position());
  spdlog::logger log = logger_into(test.stream(), "server");
  const int line = __LINE__ + 1;
  SPDLOG_LOGGER_TRACE(&log, "one {}", 1);
  SPDLOG_LOGGER_DEBUG(&log, "two");
  log.info("no position, {:.1f}", 0.5);
  log.warn("warn");
  log.error("error {braces}", fmt::arg("braces", "named"));
  log.critical(std::string("{} is no format"));
  log.info(5);
  const auto& lines = test.lines();
  REQUIRE(lines.size() == 7);
  CHECK(lines[0] == fmt::format("trace server {}:{} {}: one 1", __FILE__, line, __func__));
  CHECK(lines[1] == fmt::format("debug server {}:{} {}: two", __FILE__, line + 1, __func__));
  CHECK(lines[2] == "info server :0 : no position, 0.5");
  CHECK(lines[3] == "warn server :0 : warn");
  CHECK(lines[4] == "error server :0 : error named");
  CHECK(lines[5] == "critical server :0 : {} is no format");
  CHECK(lines[6] == "info server :0 : 5");
}

TEST_CASE("spdlog bridge: JSON has spdlog's logger, level and position", "[spdlog]") {
  captured_stream test({}, weir::as_json({.position = true}));
  spdlog::logger log = logger_into(test.stream(), "http.client");
  const int line = __LINE__ + 1;
  SPDLOG_LOGGER_WARN(&log, "said \"{}\"", "no");
  CHECK(test.last_line().ends_with(
      fmt::format(R"("level":"warn","logger":"http.client","message":"said \"no\"","code.file.path":"{}",)"
                  R"("code.line.number":{},"code.function.name":"{}"}})",
                  __FILE__, line, __func__)));
}

TEST_CASE("spdlog bridge: a logger without a name is main", "[spdlog]") {
  captured_stream test({}, with_position());
  logger_into(test.stream(), "").info("x");
  CHECK(test.last_line() == "info main :0 : x");
}

TEST_CASE("spdlog bridge: both libraries' levels hold", "[spdlog]") {
  captured_stream test({.threshold = level::info, .levels = "http=debug"});
  spdlog::logger http = logger_into(test.stream(), "http"), db = logger_into(test.stream(), "db");
  http.debug("weir's level for http lets it through");
  db.debug("weir's level for db does not");
  http.set_level(spdlog::level::warn);
  http.info("spdlog's does not");
  db.sinks().front()->set_level(spdlog::level::err);
  db.warn("nor does the bridge's own");
  db.set_level(spdlog::level::off);
  db.critical("nor off");
  CHECK(test.lines() == std::vector<std::string>{"weir's level for http lets it through"});
}

TEST_CASE("spdlog bridge: what spdlog writes always, weir writes as critical", "[spdlog]") {
  captured_stream test({}, with_position());
  spdlog::logger log = logger_into(test.stream());
  log.set_level(spdlog::level::off);
  log.log(spdlog::level::off, "banner");
  CHECK(test.last_line() == "critical test :0 : banner");
}

TEST_CASE("spdlog bridge: records carry the ids of the calling thread's context", "[spdlog]") {
  captured_stream test({}, weir::as_json());
  spdlog::logger log = logger_into(test.stream());
  const auto fields = weir::carried_fields::make(nullptr, weir::field<"user">("u1"));
  const weir::correlation ids{1, 2, 3, fields.get()};
  weir::current_correlation = &ids;
  log.info("with ids");
  weir::current_correlation = nullptr;
  CHECK(test.last_line().ends_with(
      R"("with ids","trace_id":"00000000000000010000000000000002","span_id":"0000000000000003","user":"u1"})"));
}

TEST_CASE("spdlog bridge: whatever is logged, the line is one of valid UTF-8", "[spdlog]") {
  const std::string hostile("a\nb\r\x1b[31m\xff\xc0\0\xe2\x80\xa8 {} \"\\", 20);
  captured_stream test({}, weir::as_text());
  spdlog::logger log = logger_into(test.stream(), hostile);
  log.info(hostile);
  log.log(spdlog::source_loc{hostile.c_str(), 3, hostile.c_str()}, spdlog::level::info, hostile);
  log.log(spdlog::source_loc{nullptr, 3, nullptr}, spdlog::level::info, "a position without names");
  log.log(spdlog::source_loc{"f", -3, "g"}, spdlog::level::info, "a line that is none");
  const auto lines = test.lines();
  CHECK(lines.size() == 4);
  for (const auto& line : lines) CHECK(is_one_valid_line(line));
}

TEST_CASE("spdlog bridge: a position's strings may go as soon as the call returns", "[spdlog]") {
  captured_stream test({}, with_position());
  spdlog::logger log = logger_into(test.stream());
  {
    const auto file = std::make_unique<std::string>("temporary.lua");
    const auto function = std::make_unique<std::string>("f");
    log.log(spdlog::source_loc{file->c_str(), 3, function->c_str()}, spdlog::level::info, "x");
  }
  CHECK(test.last_line() == "info test temporary.lua:3 f: x");
}

TEST_CASE("spdlog bridge: it stands among other sinks and ignores their patterns", "[spdlog]") {
  captured_stream test;
  std::ostringstream text;
  auto beside = std::make_shared<spdlog::sinks::ostream_sink_mt>(text);
  spdlog::logger log("test", {beside, std::make_shared<weir::spdlog_bridge>(test.stream())});
  log.set_pattern("<%v>");
  log.info("x");
  CHECK(test.last_line() == "x");
  CHECK(text.str() == "<x>\n");
}

TEST_CASE("spdlog bridge: a flush of spdlog's is the stream's", "[spdlog]") {
  captured_stream test;
  spdlog::logger log = logger_into(test.stream());
  log.info("x");
  log.flush();
  CHECK(test.sink().size() == 1);
  log.flush_on(spdlog::level::err);
  log.error("y");
  CHECK(test.sink().size() == 2);
}

TEST_CASE("spdlog bridge: a flush that takes too long is told to spdlog's error handler", "[spdlog]") {
  captured_stream test;
  spdlog::logger log("test", std::make_shared<weir::spdlog_bridge>(test.stream(), std::chrono::milliseconds(1)));
  std::vector<std::string> told;
  log.set_error_handler([&](const std::string& what) { told.push_back(what); });
  test.sink().block();
  log.info("x");
  log.flush();
  test.sink().unblock();
  REQUIRE(told.size() == 1);
  CHECK_THAT(told[0], Catch::StartsWith("weir: the log was not flushed within 1 ms: "));
  CHECK(test.last_line() == "x");
}

TEST_CASE("spdlog bridge: a flush limit out of range is refused", "[spdlog]") {
  captured_stream test;
  CHECK_THROWS_WITH(weir::spdlog_bridge(test.stream(), std::chrono::milliseconds(-1)), Catch::Contains("is -1"));
  CHECK_THROWS_WITH(weir::spdlog_bridge(test.stream(), std::chrono::hours(2)), Catch::Contains("is 7200000"));
}

TEST_CASE("spdlog bridge: once the stream is closed records are counted and flushes return", "[spdlog]") {
  captured_stream test;
  spdlog::logger log = logger_into(test.stream());
  std::vector<std::string> told;
  log.set_error_handler([&](const std::string& what) { told.push_back(what); });
  log.info("before");
  test.stream().close(std::chrono::minutes(1));
  log.info("after");
  log.flush();
  CHECK(test.sink().lines() == std::vector<std::string>{"before"});
  CHECK(test.stream().stats().dropped_closed == 1);
  CHECK(told.empty());
}

TEST_CASE("spdlog bridge: it may outlive the stream", "[spdlog]") {
  std::unique_ptr<spdlog::logger> log;
  {
    captured_stream test;
    log = std::make_unique<spdlog::logger>(logger_into(test.stream()));
    log->info("x");
  }
  log->info("y");
  log->clone("another")->info("z");
  log->flush();
}

TEST_CASE("spdlog bridge: a backtrace is dumped into the stream", "[spdlog]") {
  captured_stream test({.threshold = level::debug}, with_position());
  spdlog::logger log = logger_into(test.stream());
  log.set_level(spdlog::level::info);
  log.enable_backtrace(2);
  for (int i = 0; i < 3; ++i) log.debug("kept {}", i);
  log.dump_backtrace();
  CHECK(test.lines() ==
        std::vector<std::string>{"info test :0 : ****************** Backtrace Start ******************",
                                 "debug test :0 : kept 1", "debug test :0 : kept 2",
                                 "info test :0 : ****************** Backtrace End ********************"});
}

TEST_CASE("spdlog bridge: a stream that leads to itself by spdlog does not go round", "[spdlog]") {
  struct forwarding final : spdlog::sinks::sink {
    std::shared_ptr<spdlog::logger> to;
    void log(const spdlog::details::log_msg& message) override { to->log(message.level, message.payload); }
    void flush() override { to->flush(); }
    void set_pattern(const std::string&) override {}
    void set_formatter(std::unique_ptr<spdlog::formatter>) override {}
  };
  const auto circle = std::make_shared<forwarding>();
  captured_stream test({.sinks = {weir::spdlog_sink(circle)}});
  const auto bridge = std::make_shared<weir::spdlog_bridge>(test.stream());
  circle->to = std::make_shared<spdlog::logger>("test", bridge);
  circle->to->info("from spdlog");
  test.log().info("from weir");
  CHECK(test.lines() == std::vector<std::string>{"from spdlog", "from weir"});
  CHECK(test.stream().stats().written == 2);
  CHECK(bridge->turned_back() == 2);
  circle->to.reset();
}

TEST_CASE("spdlog bridge: many loggers' names are kept apart, from many threads", "[spdlog][concurrent]") {
  captured_stream test({}, with_position());
  const auto bridge = std::make_shared<weir::spdlog_bridge>(test.stream());
  constexpr int thread_count = 4, names = 200;
  std::latch ready(thread_count);
  std::vector<std::thread> threads;
  for (int t = 0; t < thread_count; ++t)
    threads.emplace_back([&] {
      ready.arrive_and_wait(); // so that they meet while the names are new
      for (int i = 0; i < names; ++i) {
        const std::string name = "logger " + std::to_string(i);
        spdlog::logger(name, bridge).info("{}", name);
      }
    });
  for (auto& each : threads) each.join();
  const auto lines = test.lines();
  CHECK(lines.size() == thread_count * names);
  for (int i = 0; i < names; ++i)
    CHECK(test.sink().count(fmt::format("info logger {0} :0 : logger {0}", i)) >= thread_count);
}

TEST_CASE("spdlog bridge: one logger serves many threads while levels change and flushes come",
          "[spdlog][concurrent]") {
  captured_stream test({.threshold = level::trace});
  spdlog::logger log = logger_into(test.stream());
  constexpr int thread_count = 3, records = 3000;
  std::vector<std::thread> threads;
  for (int t = 0; t < thread_count; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < records; ++i) log.info("record {}", i);
    });
  std::thread other([&] {
    for (int i = 0; i < 100; ++i) {
      log.set_level(i % 2 == 0 ? spdlog::level::debug : spdlog::level::info);
      test.stream().set_levels(i % 2 == 0 ? "test=debug" : "test=info");
      log.flush();
    }
  });
  for (auto& each : threads) each.join();
  other.join();
  CHECK(test.lines().size() == thread_count * records);
}

TEST_CASE("spdlog bridge: an asynchronous logger of spdlog's works, without the caller's ids",
          "[spdlog][concurrent]") {
  captured_stream test({}, weir::as_json());
  auto pool = std::make_shared<spdlog::details::thread_pool>(128, 1);
  auto log = std::make_shared<spdlog::async_logger>("queued", std::make_shared<weir::spdlog_bridge>(test.stream()),
                                                    pool, spdlog::async_overflow_policy::block);
  const weir::correlation ids{1, 2, 3};
  weir::current_correlation = &ids;
  log->info("x");
  weir::current_correlation = nullptr;
  pool.reset(); // writes what is queued; first, as ThreadSanitizer sees no reference that is dropped within spdlog
  log.reset();
  CHECK(test.last_line().ends_with(R"("logger":"queued","message":"x"})"));
}

TEST_CASE("spdlog bridge: spdlog's registry may outlive the stream of main()", "[spdlog]") {
  const temporary_directory directory;
  const std::string file = directory.file("a.log");
  const auto ended = run_program(std::string(WEIR_SPDLOG_CHILD) + " " + file + " 2>&1");
  CHECK(ended.status == 0);
  CHECK(ended.output == "");
  CHECK(contents_of(file).ends_with(" info  [main] in main\n"));
}
