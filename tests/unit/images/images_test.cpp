// A program and a shared library of it that each have their own copy of weir: what they share by reference stays
// right.
#include "plugin.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <latch>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

std::size_t count(const std::vector<std::string>& lines, const std::string& text) {
  std::size_t found = 0;
  for (const auto& each : lines) found += each.find(text) != std::string::npos;
  return found;
}

constexpr std::uint64_t times = 10'000'000;

/// Both at the same time, each in a thread that has never counted before.
template <class Ours, class Theirs>
void at_once(Ours ours, Theirs theirs) {
  std::latch both(2);
  const auto started = [&](auto& work) {
    both.arrive_and_wait();
    work();
  };
  const std::jthread first([&] { started(ours); }), second([&] { started(theirs); });
}

} // namespace

TEST_CASE("images: one thread logs by the program's copy and by the plug-in's, and nothing is lost", "[images]") {
  const auto sink = weir::memory_sink({.lines = 100'000, .bytes = 64 << 20});
  weir::log_stream stream({.sinks = {sink}});
  weir::logger& log = stream.get_logger("shared");
  constexpr int turns = 5000; // some chunks
  for (int i = 0; i < turns; ++i) {
    WEIR_INFO(log, "program {}", i);
    plugin::log(log, i);
  }
  const auto result = stream.flush(1min);
  CHECK(result.complete);
  CHECK(result.written == 2 * turns);
  const auto lines = sink->snapshot();
  CHECK(count(lines, "program ") == turns);
  CHECK(count(lines, "plug-in ") == turns);
}

TEST_CASE("images: threads of the program and of the plug-in are merged, none is taken for another",
          "[images][concurrent]") {
  const auto sink = weir::memory_sink({.lines = 100'000, .bytes = 64 << 20});
  weir::log_stream stream({.sinks = {sink}});
  weir::logger& log = stream.get_logger("shared");
  constexpr int turns = 5000;
  at_once(
      [&] {
        for (int i = 0; i < turns; ++i) WEIR_INFO(log, "program {}", i);
      },
      [&] {
        for (int i = 0; i < turns; ++i) plugin::log(log, i);
      });
  CHECK(stream.flush(1min).written == 2 * turns);
}

TEST_CASE("images: what the plug-in logs by function calls and as text is read as it was logged", "[images]") {
  const auto sink = weir::memory_sink({}, weir::as_text("%l|%s:%#|%!|%v"));
  weir::log_stream stream({.sinks = {sink}});
  weir::logger& log = stream.get_logger("shared");
  plugin::log_by_call(log, 5);
  plugin::log_text(log, "some text");
  CHECK(stream.flush(1min).written == 2);
  const auto lines = sink->snapshot();
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].starts_with("info|plugin.cpp:"));
  CHECK(lines[0].ends_with("|log_by_call|call 5"));
  CHECK(lines[1] == "warning|plugin.cpp:7|log_text|some text");
}

TEST_CASE("images: a counter and a histogram of the program's are exact when the plug-in counts, too",
          "[images][concurrent]") {
  weir::counter events;
  at_once(
      [&] {
        for (std::uint64_t i = 0; i < times; ++i) events.add();
      },
      [&] { plugin::count(events, times); });
  CHECK(events.value() == 2 * times);

  const std::vector<double> bounds{1};
  weir::histogram sizes(bounds);
  at_once(
      [&] {
        for (std::uint64_t i = 0; i < times; ++i) sizes.observe(1.0);
      },
      [&] { plugin::observe(sizes, times); });
  CHECK(sizes.value().count() == 2 * times);
  CHECK(sizes.value().sum == 2.0 * times);
}

TEST_CASE("images: a metric of the plug-in's in the program's registry is exact", "[images]") {
  weir::metrics_registry registry;
  weir::counter& events = plugin::make_counter(registry);
  at_once(
      [&] {
        for (std::uint64_t i = 0; i < times; ++i) events.add();
      },
      [&] { plugin::count(events, times); });
  CHECK(events.value() == 2 * times);
  CHECK(&registry.add(weir::counter_description{.name = "of_plugin_total", .help = "Made by the plug-in."}).with() ==
        &events);
}

TEST_CASE("images: a context that the plug-in derives ends with the program's, and in its own time", "[images]") {
  auto [ours, cancel] = weir::with_cancel(weir::background());
  auto [theirs, cancel_theirs] = plugin::within(ours, 1h);
  auto [below, cancel_below] = weir::with_timeout(theirs, 30min);
  CHECK_FALSE(below.done());
  cancel();
  CHECK(theirs.reason() == weir::cancel_reason::application);
  CHECK(below.reason() == weir::cancel_reason::application);

  auto [short_lived, cancel_short_lived] = plugin::within(weir::background(), 1ms);
  CHECK(short_lived.wait());
  CHECK(short_lived.reason() == weir::cancel_reason::timeout);
}
