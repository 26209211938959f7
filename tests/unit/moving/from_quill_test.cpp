// The right-hand columns of lib/docs/from_quill.md: every piece of code there stands here, is compiled and run.
#include "log/temporary_directory.hpp"

#include "weir/context_fields.hpp"
#include "weir/context_recording.hpp"
#include "weir/log.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace std::chrono_literals;

/// A type that can be copied as bytes and formatted later.
struct point {
  int x, y;
};
template <>
struct fmt::formatter<point> : fmt::formatter<int> {
  template <class Context>
  auto format(const point& p, Context& context) const {
    return fmt::format_to(context.out(), "({}, {})", p.x, p.y);
  }
};
template <>
inline constexpr bool weir::copy_safe<point> = true;

namespace {

class counting final : public weir::sink {
 public:
  counting() : sink("counting") {}
  void append(const weir::record&) override { ++records; }
  weir::commit_result commit() override { return {}; }
  int records = 0; // read when the stream is closed
};

class as_it_is final : public weir::renderer {
 public:
  void render(const weir::record& entry, weir::text_buffer& out) override {
    entry.append_raw_message(out);
    out.push_back('\n');
  }
};

[[maybe_unused]] weir::logger& http_log() {
  static weir::logger& log = weir::default_log().get_logger("http");
  return log;
}

/// For the process's own stream, which a test leaves alone.
[[maybe_unused]] void set_up(const std::vector<std::shared_ptr<weir::sink>>& sinks) {
  weir::log_stream& stream = weir::start_logging({.sinks = sinks});
  weir::flush_on_fatal_signals();
  weir::logger& log = weir::default_logger();
  log.info("x");
  stream.close(5s);
}

// And what stands in a CMakeLists.txt: target_compile_definitions(server PRIVATE -DWEIR_LOG_FLOOR=info), in the
// environment: WEIR_LOG, in Quill's sinks: before_write, and in calls of its: LogLevel::Error

// A stream and a bound logger stay where they are.
struct session {
  explicit session(const weir::logger& of) : log_(of.with(weir::field<"session">(7))) {}
  weir::bound_logger log_;
  std::optional<weir::log_stream> own_;
};

} // namespace

TEST_CASE("from Quill: the calls", "[moving]") {
  const auto ring = weir::memory_sink();
  weir::log_stream stream({.sinks = {ring}, .threshold = weir::level::trace});
  weir::logger& log = stream.get_logger("root");
  const int bytes = 5, line = 12;
  const double seconds = 0.5;
  const std::string path = "/a", text = "as it is", file = "script.lua", function = "main", user = "u1";
  const auto severity = weir::level::warn;
  const point p{1, 2};

  WEIR_INFO(log, "sent {} bytes", bytes);
  WEIR_TRACE(log, "in detail");
  WEIR_WARN(log, "slow");
  WEIR_INFO(log, "sent", weir::field<"bytes">(bytes), weir::field<"path">(path));
  WEIR_INFO(log, "sent", weir::field<"tags">(std::array{"net", "slow"}));
  WEIR_INFO_LIMITED(log, weir::rate_limit(1, 1s), "queue full");
  WEIR_INFO_LIMITED(log, weir::every_n(100), "request");
  log.log(severity, "took {} s", seconds);
  log.log_text(severity, text, {.file = file, .line = line, .function = function});
  WEIR_INFO(log, "at {}", p);
  const std::vector<int> numbers{1, 2};
  WEIR_INFO(log, "in {}", numbers);
  const auto ctx = weir::with_fields(weir::current_context(), weir::field<"user">(user));
  {
    const weir::context_scope scope(ctx);
    log.info("in");
  }
  const auto begin = std::chrono::steady_clock::now();
  WEIR_INFO(log, "took {}", std::chrono::duration<double>(std::chrono::steady_clock::now() - begin));
  const std::string_view shown = "0.25s";
  WEIR_INFO(log, "one tag, {}", shown, weir::field<"tag">("net"));
  if (log.enabled(weir::level::debug)) log.info("the last");

  REQUIRE(stream.flush());
  const auto lines = ring->snapshot();
  REQUIRE(lines.size() == 15);
  CHECK(lines[3].ends_with("sent bytes=5 path=/a"));
  CHECK(lines[4].ends_with(R"(sent tags="[\"net\",\"slow\"]")"));
  CHECK(lines[9].ends_with("at (1, 2)"));
  CHECK(lines[10].ends_with("in [1, 2]"));
  CHECK(lines[11].ends_with("in user=u1"));
}

TEST_CASE("from Quill: set-up and levels", "[moving]") {
  const auto console = weir::console_sink(weir::console_stream::output);
  console->set_threshold(weir::level::critical);
  const auto counted = std::make_shared<counting>();
  std::vector<std::shared_ptr<weir::sink>> sinks{console, counted};
  {
    weir::log_stream stream({.sinks = sinks, .levels_variable = "QUILL_LOG_LEVEL"});
    weir::logger& log = stream.get_logger("root");
    weir::logger& db = stream.get_logger("db", {weir::null_sink()});
    log.set_threshold(weir::level::debug);
    log.debug("x");
    db.info("y");
    log.with(weir::field<"session">(7)).info("z");
    session one(log);
    one.own_.emplace(weir::log_options{.sinks = {weir::null_sink()}});
    one.log_.info("in");
    const std::unique_ptr<weir::bound_logger> later(new weir::bound_logger(log.with(weir::field<"session">(8))));
    later->info("later");
  }
  CHECK(counted->records == 4);
}

TEST_CASE("from Quill: sinks", "[moving]") {
  const temporary_directory directory;
  const std::string path = directory.file("a.log");
  std::vector<std::shared_ptr<weir::sink>> sinks;
  const auto add = [&](std::shared_ptr<weir::sink> sink) { sinks.push_back(std::move(sink)); };

  add(weir::file_sink({.path = path, .start = weir::file_start::truncate}));
  add(weir::file_sink(path));
  add(weir::rotating_file_sink(path, {.file_bytes = 10 << 20, .keep_files = 5}));
  add(weir::rotating_file_sink(
      path, {.every = 24h, .at = 30min, .keep_files = weir::keep_all, .naming = weir::rotation_naming::date}));
  add(weir::rotating_file_sink(path, {.every = 1h}));
  add(weir::file_sink(path, weir::as_text("%T.%F [%t] %s:%# %-8l %n %v")));
  add(weir::file_sink(path, weir::as_text("%T.%F %v", weir::pattern_time::utc)));
  add(weir::file_sink(path, weir::as_json({.position = true})));
  add(weir::rotating_file_sink(path, {.file_bytes = 10 << 20}, weir::as_json()));
  add(weir::null_sink());
  add(weir::filtered(weir::file_sink(path), [](const weir::record& entry) { return entry.logger_name() == "db"; }));
  const auto raw = weir::memory_sink({}, std::make_unique<as_it_is>());
  const auto padded = weir::memory_sink({}, weir::as_text("%-22s:%-5# %t %v"));
  add(raw);
  add(padded);
  weir::log_stream stream({.sinks = sinks});
  stream.get_logger("root").info("x\ny");
  CHECK(stream.flush());
  CHECK(lines_of(path).size() == 9);
  CHECK(raw->snapshot() == std::vector<std::string>{"x", "y"});
  CHECK(padded->snapshot().front().starts_with("from_quill_test.cpp   :"));
}

TEST_CASE("from Quill: queues, flush and end", "[moving]") {
  weir::log_options options;
  options.memory_limit_bytes = 16 << 20;
  options.overflow = weir::overflow_policy::block;
  options.overflow = weir::overflow_policy::drop_newest;
  options.flush_at = weir::level::trace;
  options.flush_interval = 200ms;
  options.recorder = weir::recorder_options{};
  options.sinks = {weir::null_sink()};
  weir::log_stream stream(options);
  weir::logger& log = stream.get_logger("root");
  const weir::flush_result flushed = stream.flush(5s);
  CHECK(flushed);
  weir::recording recording(stream);
  const auto ctx = weir::with_recording(weir::current_context(), recording);
  {
    const weir::context_scope scope(ctx);
    WEIR_DEBUG(log, "a detail");
  }
  recording.emit();
  CHECK(stream.stats().recorder_emitted == 1);
  const auto stored = weir::log_durably(stream, [&] { WEIR_INFO(log, "paid"); });
  CHECK(stored);
  const std::uint64_t dropped = stream.stats().dropped();
  CHECK(dropped == 0);
  stream.close(5s);
}
