// The right-hand columns of lib/docs/from_spdlog.md: every piece of code there stands here, is compiled and run.
#include "log/run_program.hpp"
#include "log/temporary_directory.hpp"

#include "weir/context_fields.hpp"
#include "weir/context_recording.hpp"
#include "weir/log.hpp"
#include "weir/log/hex.hpp"
#include "weir/log/streamed.hpp"

#include <fmt/format.h>
#include <spdlog/sinks/syslog_sink.h>

#include <catch2/catch.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

/// A stream that keeps its lines.
struct kept {
  std::shared_ptr<weir::memory_ring> ring = weir::memory_sink();
  weir::log_stream stream{{.sinks = {ring}, .threshold = weir::level::trace}};

  std::vector<std::string> lines() {
    stream.flush(1min);
    return ring->snapshot();
  }
};

struct place {
  friend std::ostream& operator<<(std::ostream& out, const place&) { return out << "the garden"; }
};

class upper_case final : public weir::renderer {
 public:
  void render(const weir::record& entry, weir::text_buffer& out) override {
    const std::size_t begin = out.size();
    entry.append_message(out, weir::field_style::text);
    for (char* c = out.data() + begin; c != out.data() + out.size(); ++c)
      if (*c >= 'a' && *c <= 'z') *c = static_cast<char>(*c - 'a' + 'A');
    out.push_back('\n');
  }
};

class to_device final : public weir::line_sink {
 public:
  explicit to_device(std::string& device) : line_sink("device", std::make_unique<upper_case>()), device_(device) {}

 private:
  write_result write(std::string_view lines) override {
    device_ += lines;
    return {.taken = lines.size()};
  }
  std::string& device_;
};

[[maybe_unused]] weir::logger& http_log() {
  static weir::logger& log = weir::default_log().get_logger("http");
  return log;
}

/// For the process's own stream, which a test leaves alone.
[[maybe_unused]] void set_up(const std::vector<std::shared_ptr<weir::sink>>& sinks) {
  weir::start_logging({.sinks = sinks});
  weir::flush_on_fatal_signals();
  weir::logger& own = weir::default_logger();
  own.info("x");
}

// And what stands in a CMakeLists.txt: target_compile_definitions(server PRIVATE -DWEIR_LOG_FLOOR=info)

} // namespace

TEST_CASE("from spdlog: the calls", "[moving]") {
  kept test;
  weir::log_stream& stream = test.stream;
  weir::logger& log = stream.get_logger("main");
  weir::logger& db = stream.get_logger("db");
  const int n = 5;
  const double seconds = 0.5;
  const std::string text = "{} as it is", path = "/a b";
  const std::string_view format = "{} at run time";
  const auto severity = weir::level::warn;
  int calls = 0;
  const auto expensive = [&] { return ++calls; };

  log.info("sent {} bytes", n);
  db.warn("slow");
  WEIR_DEBUG(log, "sum {}", expensive());
  log.log(weir::level::error, "sent {} bytes", n);
  log.log(severity, "sent {} bytes", n);
  if (log.enabled(severity)) log.log(severity, "sum {}", expensive());
  log.log_text(weir::level::info, fmt::format(fmt::runtime(format), n));
  log.info("{}", text);
  log.log_text(severity, text, {.file = "script.lua", .line = 12, .function = "main"});
  log.info("sent", weir::field<"bytes">(n), weir::field<"seconds">(seconds), weir::field<"path">(path));
  const std::vector<unsigned char> packet{0x47, 0x45, 0x54};
  log.info("got {}", weir::hex(packet));
  const place place;
  log.info("in {}", weir::streamed(place));
  const auto begin = std::chrono::steady_clock::now();
  log.info("took {} ms", (std::chrono::steady_clock::now() - begin) / 1ms);
  if (log.enabled(weir::level::debug)) ++calls;
  WEIR_WARN_LIMITED(log, weir::rate_limit(1, 5s), "queue full");

  const auto lines = test.lines();
  REQUIRE(lines.size() == 14);
  CHECK(lines[0].ends_with("info  [main] sent 5 bytes"));
  CHECK(lines[4].ends_with("warn  [main] sent 5 bytes"));
  CHECK(lines[6].ends_with("5 at run time"));
  CHECK(lines[8].ends_with("{} as it is"));
  CHECK(lines[10].ends_with("got 474554"));
  CHECK(lines[11].ends_with("in the garden"));
  CHECK(lines[9].ends_with(R"(sent bytes=5 seconds=0.5 path="/a b")"));
}

TEST_CASE("from spdlog: levels", "[moving]") {
  const temporary_directory directory;
  const std::string path = directory.file("a.log");
  const auto console = weir::console_sink(weir::console_stream::output);
  weir::log_stream stream({.sinks = {console, weir::file_sink(path)}, .levels_variable = "SPDLOG_LEVEL"});
  weir::logger& db = stream.get_logger("db");

  stream.set_levels("debug");
  db.set_threshold(weir::level::debug);
  stream.set_levels("warn,db=debug");
  console->set_threshold(weir::level::critical);
  CHECK(stream.levels() == "warn,db=debug");
  stream.set_levels("debug");
  CHECK(stream.levels() == "debug,db=debug"); // its own level stays
  db.set_threshold(weir::level::error);
  stream.set_levels("debug,db=inherit");
  CHECK(db.threshold() == weir::level::debug);
  stream.set_levels("warn,db=debug");
  CHECK(db.threshold() == weir::level::debug);
  db.debug("x");
  stream.flush();
  CHECK(lines_of(path).size() == 1);
}

TEST_CASE("from spdlog: sinks", "[moving]") {
  const temporary_directory directory;
  const std::string path = directory.file("a.log"), another_path = directory.file("b.log");
  std::vector<weir::level> seen;
  std::vector<std::shared_ptr<weir::sink>> sinks;
  const auto add = [&](std::shared_ptr<weir::sink> sink) {
    sink->set_threshold(weir::level::off);
    sinks.push_back(std::move(sink));
  };

  const auto console = weir::console_sink(weir::console_stream::output);
  const auto file = weir::file_sink(path);
  add(weir::console_sink());
  add(weir::file_sink({.path = path, .start = weir::file_start::truncate}));
  add(weir::rotating_file_sink(path, {.file_bytes = 10 << 20, .keep_files = 5}));
  add(weir::rotating_file_sink(
      path, {.every = 24h, .at = 2h + 30min, .keep_files = 30, .naming = weir::rotation_naming::date}));
  add(weir::rotating_file_sink(path,
                               {.every = 1h, .keep_files = weir::keep_all, .naming = weir::rotation_naming::date}));
  add(weir::memory_sink({.lines = 100}));
  add(weir::callback_sink([&](const weir::record& entry) { seen.push_back(entry.severity()); }));
  add(weir::null_sink());
  add(weir::spdlog_sink(std::make_shared<spdlog::sinks::syslog_sink_mt>("server", 0, LOG_USER, false)));
  add(weir::on_own_thread(weir::file_sink("/dev/null")));
  add(weir::filtered(weir::file_sink(path), [](const weir::record& entry) { return entry.logger_name() == "db"; }));
  add(console);
  add(file);

  weir::log_stream stream({.sinks = sinks});
  weir::logger& db = stream.get_logger("db", {weir::file_sink(another_path)});
  weir::logger& pool = stream.get_logger("db.pool");
  db.info("x");
  pool.info("y");
  stream.flush();
  CHECK(lines_of(another_path).size() == 2);
}

TEST_CASE("from spdlog: patterns", "[moving]") {
  const auto local = weir::memory_sink({}, weir::as_text("[%T.%e] [%n] [%^%l%$] %v"));
  const auto utc = weir::memory_sink({}, weir::as_text("%T %v", weir::pattern_time::utc));
  weir::log_stream stream({.sinks = {local, utc}});
  stream.get_logger("main").warn("x");
  stream.flush(1min);
  CHECK(local->snapshot().at(0).ends_with("] [main] [warning] x"));
  CHECK(utc->snapshot().at(0).ends_with(" x"));
}

TEST_CASE("from spdlog: layouts, and sinks of one's own", "[moving]") {
  const temporary_directory directory;
  const std::string path = directory.file("a.log");
  std::string device;
  {
    const auto lines_of_spdlog = weir::console_sink(weir::console_stream::output, weir::as_text("%+"));
    lines_of_spdlog->set_threshold(weir::level::off);
    weir::log_stream stream(
        {.sinks = {weir::file_sink(path, weir::as_json()), std::make_shared<to_device>(device),
                   weir::file_sink(path, weir::as_text("[%H:%M:%S.%e] [%n] [%l] %v")), lines_of_spdlog}});
    stream.get_logger("main").info("\"x\"");
  }
  CHECK(contents_of(path).find(R"("message":"\"x\"")") != std::string::npos);
  CHECK(device == "\"X\"\n");
}

TEST_CASE("from spdlog: queue, flush and end", "[moving]") {
  weir::log_options options;
  options.memory_limit_bytes = 16 << 20;
  options.overflow = weir::overflow_policy::block;
  options.overflow = weir::overflow_policy::drop_oldest;
  options.overflow = weir::overflow_policy::drop_newest;
  options.overflow = {weir::overflow_policy::block_with_limit, 50ms};
  options.flush_at = weir::level::error;
  options.flush_interval = 1s;
  options.recorder = weir::recorder_options{};
  options.sinks = {weir::null_sink()};
  weir::log_stream stream(options);
  weir::logger& log = stream.get_logger("main");
  const std::uint64_t displaced = stream.stats().dropped_displaced;
  CHECK(displaced == 0);
  if (const auto flushed = stream.flush(5s); !flushed) FAIL(flushed.error.message());
  weir::recording recording(stream);
  const auto ctx = weir::with_recording(weir::current_context(), recording);
  {
    const weir::context_scope scope(ctx);
    log.debug("a detail");
  }
  recording.emit();
  CHECK(stream.stats().recorder_emitted == 1);
  const auto stored = weir::log_durably(stream, [&] { log.info("paid"); });
  CHECK(stored);
  CHECK(stream.stats().sink_errors == 0);
  stream.close(5s);
}

TEST_CASE("from spdlog: what a request's lines have in common", "[moving]") {
  kept test;
  weir::logger& log = test.stream.get_logger("main");
  weir::logger& db = log;
  const std::string user = "u1";
  const auto ctx = weir::with_fields(weir::current_context(), weir::field<"user">(user));
  {
    const weir::context_scope scope(ctx);
    log.info("in");
  }
  auto mine = db.with(weir::field<"connection">(3));
  mine.info("on");
  const auto lines = test.lines();
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].ends_with("in user=u1"));
  CHECK(lines[1].ends_with("on connection=3"));
}
