#include "weir/log/record.hpp"

#include "weir/log.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace {

struct seen {
  std::string file, function;
  unsigned line;
  std::uint32_t thread;
};

/// What sinks are told of the records that `log_some` logs; on_thread: by a sink that gets copies of them.
template <class Log>
std::vector<seen> records_of(bool on_thread, Log log_some) {
  std::vector<seen> all;
  std::shared_ptr<weir::sink> sink = weir::callback_sink([&](const weir::record& entry) {
    const weir::source_position at = entry.position();
    all.push_back({std::string(at.file), std::string(at.function), at.line, entry.thread_id()});
  });
  if (on_thread) sink = weir::on_own_thread(sink);
  {
    weir::log_stream stream({.sinks = {std::move(sink)}});
    log_some(stream.get_logger("test"));
  }
  return all;
}

void log_in_a_function(weir::logger& log) {
  WEIR_INFO(log, "a macro");
  log.info("a function");
  WEIR_INFO_LIMITED(log, weir::every_n(1), "a limited one");
  [&] { WEIR_INFO(log, "in a lambda"); }();
}

} // namespace

TEST_CASE("record: it knows the file, the line and the function of its statement", "[log][record]") {
  for (const bool on_thread : {false, true}) {
    const auto all = records_of(on_thread, log_in_a_function);
    REQUIRE(all.size() == 4);
    for (std::size_t i = 0; i < all.size(); ++i) {
      CHECK(all[i].file.ends_with("/record_test.cpp"));
      CHECK(all[i].line == all[0].line + i);
      CHECK(all[i].function == (i < 3 ? "log_in_a_function" : "operator()"));
    }
  }
}

TEST_CASE("record: it knows the thread that has logged it", "[log][record]") {
  for (const bool on_thread : {false, true}) {
    std::uint32_t other = 0;
    const auto all = records_of(on_thread, [&](weir::logger& log) {
      log.info("here");
      std::thread([&] {
        other = static_cast<std::uint32_t>(::gettid());
        log.info("there");
      }).join();
      log.info("here");
    });
    const auto here = static_cast<std::uint32_t>(::gettid());
    REQUIRE(all.size() == 3);
    CHECK(all[0].thread == here);
    CHECK(all[1].thread == other);
    CHECK(all[2].thread == here);
    CHECK(other != here);
  }
}

// The compiler may have been shown another formatter than the one that is there now.
TEST_CASE("record: a format that is refused late costs its message only", "[log][record]") {
  using kept = weir::detail::field_argument<"kept", std::int32_t>;
  static constinit const weir::detail::call_site site{
      .format = "{:s} of {{{}}}", .arguments = weir::detail::argument_types<std::int32_t, std::int32_t, kept>};
  const std::int32_t numbers[] = {1, 2, 3};
  const auto bytes = std::as_bytes(std::span(numbers));
  const weir::record entry(site, weir::level::info, bytes.data(), "test", 0, nullptr, nullptr, 0);
  weir::text_buffer message, fields;
  entry.append_message(message, weir::field_style::text);
  entry.append_fields(fields, weir::field_style::text);
  const std::string text(message.data(), message.size());
  CHECK(text.starts_with("[could not be formatted: "));
  CHECK(text.ends_with("] {:s} of {{{}}}"));
  CHECK(std::string(fields.data(), fields.size()) == " kept=3");
}
