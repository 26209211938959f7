// The flight recorder: what is below the level is kept, and written after all when the work has gone wrong.
#include "weir/log/recording.hpp"

#include "captured_stream.hpp"
#include "run_program.hpp"
#include "temporary_directory.hpp"
#include "weir/context.hpp"
#include "weir/context_fields.hpp"
#include "weir/context_recording.hpp"

#include <fmt/format.h>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

namespace {

weir::log_options recorded(weir::recorder_options options = {}) { return {.recorder = options}; }

/// Work that is recorded, on this thread.
struct recorded_work {
  explicit recorded_work(weir::log_stream& stream)
      : kept(stream), ctx(weir::with_recording({}, kept)), current(ctx) {}
  weir::recording kept;
  weir::context ctx;
  weir::context_scope current;
};

std::string message_of(const std::string& line) { return line.substr(0, line.find(" recorded=")); }

} // namespace

TEST_CASE("recording: nothing is written unless it is emitted", "[log][recording]") {
  captured_stream test(recorded());
  {
    recorded_work work(test.stream());
    WEIR_DEBUG(test.log(), "kept {}", 1);
    WEIR_INFO(test.log(), "written");
  }
  CHECK(test.lines() == std::vector<std::string>{"written"});
  CHECK(test.stream().stats().recorder_emitted == 0);
}

TEST_CASE("recording: what is below the level is recorded without its limit, which is not used up",
          "[log][recording][limit]") {
  captured_stream test(recorded());
  const auto probe = [&](int n) { WEIR_DEBUG_LIMITED(test.log(), weir::once(), "probe {}", n); };
  {
    recorded_work work(test.stream());
    for (int i = 0; i < 3; ++i) probe(i);
    work.kept.emit();
  }
  CHECK(test.lines() ==
        std::vector<std::string>{"probe 0 recorded=true", "probe 1 recorded=true", "probe 2 recorded=true"});
  test.log().set_threshold(weir::level::debug);
  for (int i = 3; i < 6; ++i) probe(i);
  CHECK(test.last_line() == "probe 3");
  CHECK(test.stream().stats().suppressed == 2);
}

TEST_CASE("recording: what is emitted comes in order, marked, and with what was logged with it", "[log][recording]") {
  captured_stream test(recorded());
  recorded_work work(test.stream());
  WEIR_DEBUG(test.log(), "first {}", 1, weir::field<"key">("value"));
  const std::string gone = "text of its time";
  WEIR_TRACE(test.log(), "second {}", gone);
  test.log().debug("third {}", 2.5);
  WEIR_INFO(test.log(), "at the level");
  const auto result = work.kept.emit();
  CHECK(result.records == 3);
  CHECK(result.overwritten == 0);
  WEIR_INFO(test.log(), "after");
  CHECK(test.lines() == std::vector<std::string>{"at the level", "first 1 key=value recorded=true",
                                                 "second text of its time recorded=true", "third 2.5 recorded=true",
                                                 "after"});
  CHECK(test.stream().stats().recorder_emitted == 3);
  CHECK(work.kept.emit().records == 0);
}

TEST_CASE("recording: without one nothing below the level is kept or evaluated twice", "[log][recording]") {
  captured_stream test(recorded());
  WEIR_DEBUG(test.log(), "nobody keeps this");
  weir::recording kept(test.stream());
  CHECK(kept.emit().records == 0);
  CHECK(test.lines().empty());
}

TEST_CASE("recording: the lowest level, and a logger that is off, leave statements out", "[log][recording]") {
  captured_stream test(recorded({.lowest = weir::level::debug}));
  recorded_work work(test.stream());
  int evaluated = 0;
  WEIR_TRACE(test.log(), "{}", ++evaluated);
  CHECK(evaluated == 0);
  CHECK(test.log().enabled(weir::level::debug));
  CHECK(test.log().threshold() == weir::level::info);
  test.log().set_threshold(weir::level::off);
  WEIR_DEBUG(test.log(), "{}", ++evaluated);
  CHECK(evaluated == 0);
  test.log().set_threshold(weir::level::error);
  WEIR_INFO(test.log(), "{}", ++evaluated);
  CHECK(work.kept.emit().records == 1);
}

TEST_CASE("recording: when it is full the oldest records go, and are counted", "[log][recording]") {
  captured_stream test(recorded({.bytes = 1024}));
  recorded_work work(test.stream());
  constexpr int logged = 100;
  for (int i = 0; i < logged; ++i) WEIR_DEBUG(test.log(), "{}", i);
  const auto result = work.kept.emit();
  CHECK(result.records + result.overwritten == logged);
  CHECK(result.records >= 8);
  const auto lines = test.lines();
  REQUIRE(lines.size() == result.records);
  for (std::size_t i = 0; i < lines.size(); ++i)
    CHECK(message_of(lines[i]) == std::to_string(logged - static_cast<int>(lines.size()) + static_cast<int>(i)));
  CHECK(test.stream().stats().recorder_overwritten == result.overwritten);
  // One that would take all of the room is not kept; those before it are.
  WEIR_DEBUG(test.log(), "small");
  WEIR_DEBUG(test.log(), "{}", std::string(600, 'x'));
  const auto second = work.kept.emit();
  CHECK(second.records == 1);
  CHECK(second.overwritten == 1);
}

TEST_CASE("recording: those that find no memory keep nothing, and say so", "[log][recording]") {
  captured_stream test(recorded({.bytes = 1024, .memory_limit_bytes = 2048}));
  std::vector<std::unique_ptr<weir::recording>> all;
  for (int i = 0; i < 3; ++i) {
    all.push_back(std::make_unique<weir::recording>(test.stream()));
    const auto ctx = weir::with_recording({}, *all.back());
    const weir::context_scope current(ctx);
    WEIR_DEBUG(test.log(), "{}", i);
  }
  CHECK(test.stream().stats().recorder_refused == 1);
  CHECK(test.stream().stats().recorder_bytes == 2048);
  CHECK(all[2]->emit().records == 0);
  all[0]->end();
  all[2]->begin();
  const auto ctx = weir::with_recording({}, *all[2]);
  const weir::context_scope current(ctx);
  WEIR_DEBUG(test.log(), "now there is room");
  CHECK(all[2]->emit().records == 1);
}

TEST_CASE("recording: it ends for contexts that are left behind", "[log][recording]") {
  captured_stream test(recorded());
  auto kept = std::make_unique<weir::recording>(test.stream());
  const weir::context left_behind = weir::with_recording({}, *kept);
  const weir::context_scope current(left_behind);
  WEIR_DEBUG(test.log(), "of the first");
  SECTION("begun anew") {
    kept->begin();
    WEIR_DEBUG(test.log(), "too late");
    CHECK(kept->emit().records == 0);
  }
  SECTION("ended, and its memory used by another") {
    kept.reset();
    weir::recording other(test.stream());
    WEIR_DEBUG(test.log(), "too late");
    CHECK(other.emit().records == 0);
  }
}

TEST_CASE("recording: it follows the context to other threads and below other ids", "[log][recording][concurrent]") {
  captured_stream test(recorded({.bytes = 1 << 20}));
  weir::recording kept(test.stream());
  const auto ctx = weir::with_fields(weir::with_recording({}, kept), weir::field<"user">("u"));
  constexpr int threads = 4, each = 500;
  {
    std::vector<std::jthread> all;
    for (int t = 0; t < threads; ++t)
      all.emplace_back([&, t] {
        const auto own = weir::with_correlation(ctx, {1, 2, static_cast<std::uint64_t>(t)});
        const weir::context_scope current(own);
        for (int i = 0; i < each; ++i) WEIR_DEBUG(test.log(), "{} {}", t, i);
      });
  }
  // A record that finds another thread stopped amid its own for long is given up, and counted.
  const std::size_t records = kept.emit().records;
  const std::uint64_t refused = test.stream().stats().recorder_refused;
  CHECK(records + refused == threads * each);
  const auto lines = test.lines();
  REQUIRE(lines.size() == records);
  int next[threads] = {};
  for (const std::string& line : lines) {
    const int t = std::atoi(line.c_str()), number = std::atoi(line.c_str() + 2);
    CHECK((refused == 0 ? number == next[t] : number >= next[t]));
    next[t] = number + 1;
    CHECK(line.find("user=u") != std::string::npos);
  }
}

TEST_CASE("recording: nothing is kept under a context that it was given to after its end", "[log][recording]") {
  captured_stream small(recorded({.bytes = 1024})), large(recorded());
  weir::context ctx;
  {
    weir::recording kept(small.stream());
    kept.end();
    ctx = weir::with_recording({}, kept);
  }
  const weir::context_scope current(ctx);
  WEIR_DEBUG(small.log(), "too late");
  weir::recording other(large.stream()); // on the same tape
  WEIR_DEBUG(small.log(), "too late");
  CHECK(small.stream().stats().recorder_bytes == 0);
  CHECK(other.emit().records == 0);
}

TEST_CASE("recording: what nobody keeps is not evaluated, and takes nothing from a limit", "[log][recording]") {
  captured_stream test(recorded());
  int evaluated = 0;
  const auto once = [&] { WEIR_DEBUG_LIMITED(test.log(), weir::once(), "{}", ++evaluated); };
  once();
  WEIR_DEBUG(test.log(), "{}", ++evaluated);
  CHECK_FALSE(test.log().enabled(weir::level::debug));
  CHECK(evaluated == 0);
  recorded_work work(test.stream());
  CHECK(test.log().enabled(weir::level::debug));
  once();
  once();
  CHECK(work.kept.emit().records == 2); // nor from the work
}

TEST_CASE("recording: what is emitted while others log comes once", "[log][recording][concurrent]") {
  captured_stream test(recorded({.bytes = 1 << 20}));
  weir::recording kept(test.stream());
  const auto ctx = weir::with_recording({}, kept);
  constexpr std::size_t threads = 3, each = 2000;
  std::size_t emitted = 0;
  {
    std::vector<std::jthread> all;
    for (std::size_t t = 0; t < threads; ++t)
      all.emplace_back([&] {
        const weir::context_scope current(ctx);
        for (std::size_t i = 0; i < each; ++i) WEIR_DEBUG(test.log(), "{}", i);
      });
    for (int i = 0; i < 50; ++i) emitted += kept.emit().records;
  }
  emitted += kept.emit().records;
  CHECK(emitted + test.stream().stats().recorder_refused == threads * each);
  CHECK(test.lines().size() == emitted);
}

TEST_CASE("recording: records have the times at which they were logged", "[log][recording]") {
  using clock = std::chrono::system_clock;
  std::int64_t time = 0;
  weir::log_stream stream(
      {.sinks = {weir::callback_sink([&](const weir::record& entry) { time = entry.unix_nanoseconds(); })},
       .recorder = weir::recorder_options{}});
  recorded_work work(stream);
  WEIR_DEBUG(stream.get_logger("log"), "long ago");
  const auto logged = clock::now();
  while (clock::now() - logged < std::chrono::milliseconds(200)) {
  }
  work.kept.emit();
  REQUIRE(stream.flush(std::chrono::minutes(1)));
  const auto emitted_ns = std::chrono::nanoseconds((logged + std::chrono::milliseconds(100)).time_since_epoch());
  CHECK(time < emitted_ns.count());
}

TEST_CASE("recording: one stream's keeps nothing of another's", "[log][recording]") {
  captured_stream one(recorded()), other(recorded());
  recorded_work work(one.stream());
  WEIR_DEBUG(other.log(), "of the other");
  WEIR_DEBUG(one.log(), "of this");
  CHECK(work.kept.emit().records == 1);
  CHECK(other.lines().empty());
}

TEST_CASE("recording: after its stream's end it is harmless", "[log][recording]") {
  auto stream = std::make_unique<weir::log_stream>(
      weir::log_options{.sinks = {weir::null_sink()}, .recorder = weir::recorder_options{}});
  weir::recording kept(*stream);
  weir::logger& log = stream->get_logger("log");
  const auto ctx = weir::with_recording({}, kept);
  {
    const weir::context_scope current(ctx);
    WEIR_DEBUG(log, "kept");
  }
  stream.reset();
  CHECK(kept.emit().records == 0);
}

TEST_CASE("recording: a record over the limit is kept as it would have been written, cut", "[log][recording]") {
  captured_stream test({.recorder = weir::recorder_options{}, .record_limit_bytes = 1024});
  recorded_work work(test.stream());
  const std::string text(5000, 'x');
  WEIR_DEBUG(test.log(), "{}", text);
  WEIR_INFO(test.log(), "{}", text);
  CHECK(work.kept.emit().records == 1);
  const auto lines = test.lines();
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].find(" bytes cut]") != std::string::npos);
  CHECK(message_of(lines[1]) == lines[0]);
}

TEST_CASE("recording: what is emitted goes through a rotation complete and in order", "[log][recording]") {
  const temporary_directory directory;
  constexpr std::size_t records = 60;
  {
    weir::log_stream stream({.sinks = {weir::rotating_file_sink({.path = directory.file("r.log")},
                                                                {.file_bytes = 1000, .keep_files = 20})},
                             .recorder = weir::recorder_options{}});
    weir::logger& log = stream.get_logger("log");
    recorded_work work(stream);
    for (std::size_t i = 0; i < records; ++i) WEIR_DEBUG(log, "number {}", i);
    CHECK(work.kept.emit().records == records);
  }
  std::vector<std::string> lines;
  for (int number = 20; number >= 0; --number) {
    const auto some = lines_of(directory.file(number == 0 ? "r.log" : fmt::format("r.{}.log", number)));
    lines.insert(lines.end(), some.begin(), some.end());
  }
  REQUIRE(lines.size() == records);
  for (std::size_t i = 0; i < records; ++i) CHECK(lines[i].find(fmt::format("number {} ", i)) != std::string::npos);
}

TEST_CASE("recording: with causal stamps a record of another thread that answers one is the later",
          "[log][recording][concurrent]") {
  weir::set_stamp_order(weir::stamp_order::causal);
  std::vector<std::int64_t> times;
  weir::log_stream stream(
      {.sinks = {weir::callback_sink([&](const weir::record& entry) { times.push_back(entry.unix_nanoseconds()); })},
       .recorder = weir::recorder_options{}});
  weir::logger& log = stream.get_logger("log");
  weir::recording kept(stream);
  const auto ctx = weir::with_recording({}, kept);
  std::atomic<int> turn{0};
  const auto play = [&](int me) {
    const weir::context_scope current(ctx);
    for (int i = 0; i < 50; ++i) {
      while (turn % 2 != me) std::this_thread::yield();
      WEIR_DEBUG(log, "{}", i);
      ++turn;
    }
  };
  std::thread other(play, 1);
  play(0);
  other.join();
  CHECK(kept.emit().records == 100);
  weir::set_stamp_order(weir::stamp_order::loose);
  REQUIRE(stream.flush(std::chrono::minutes(1)));
  CHECK(times.size() == 100);
  CHECK(std::ranges::is_sorted(times));
}

TEST_CASE("recording: a forked child can log and record on, and the parent's is untouched", "[log][recording]") {
  captured_stream test(recorded());
  recorded_work work(test.stream());
  WEIR_DEBUG(test.log(), "before");
  const ::pid_t child = ::fork();
  if (child == 0) {
    ::alarm(20);
    for (int i = 0; i < 100; ++i) WEIR_DEBUG(test.log(), "in the child");
    work.kept.end();
    ::_exit(work.kept.emit().records == 0 ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  WEIR_DEBUG(test.log(), "after");
  CHECK(work.kept.emit().records == 2);
  const auto lines = test.lines();
  REQUIRE(lines.size() == 2);
  CHECK(message_of(lines[0]) == "before");
  CHECK(message_of(lines[1]) == "after");
}

TEST_CASE("recording: what is wrong in the options is named", "[log][recording]") {
  const auto with = [](weir::recorder_options options) {
    return [options] { weir::log_stream stream({.sinks = {weir::null_sink()}, .recorder = options}); };
  };
  CHECK_THROWS_WITH(with({.bytes = 512})(), Catch::Contains("recorder.bytes is 512"));
  CHECK_THROWS_WITH(with({.bytes = 3000})(), Catch::Contains("recorder.bytes is 3000: it must be a power of two"));
  CHECK_THROWS_WITH(with({.memory_limit_bytes = 1})(), Catch::Contains("recorder.memory_limit_bytes is 1"));
  weir::log_stream without({.sinks = {weir::null_sink()}});
  CHECK_THROWS_WITH(weir::recording(without), Catch::Contains("log_options::recorder"));
}
