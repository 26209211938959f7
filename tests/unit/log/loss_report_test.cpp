// The log itself says what is missing from it, and from when to when.
#include "captured_stream.hpp"

#include "log/timestamp_text.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <regex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using weir::overflow_policy;

namespace {

struct notice {
  std::uint64_t records = 0;
  std::string first, last, reason;
};

std::vector<notice> notices(const std::vector<std::string>& lines) {
  static const std::regex form(R"((\d+) records dropped between (\S+) and (\S+) \((\w+)\)$)");
  std::vector<notice> all;
  for (const auto& line : lines)
    if (std::smatch parts; std::regex_search(line, parts, form))
      all.push_back({std::stoull(parts[1]), parts[2], parts[3], parts[4]});
  return all;
}

std::uint64_t sum(const std::vector<notice>& all) {
  std::uint64_t records = 0;
  for (const auto& each : all) records += each.records;
  return records;
}

/// As the notices write it, so that times compare as texts do.
std::string text(std::int64_t unix_nanoseconds) {
  weir::text_buffer out;
  {
    weir::detail::line_writer writer(out);
    weir::detail::timestamp_text().append(writer, unix_nanoseconds);
  }
  return {out.data(), out.size()};
}
/// A little off: the log's clock follows the system's, it does not read it.
std::string now_text(std::chrono::milliseconds off) {
  return text(std::chrono::nanoseconds((std::chrono::system_clock::now() + off).time_since_epoch()).count());
}

/// Refuses some records, and remembers their times.
class refusing_sink final : public weir::sink {
 public:
  refusing_sink() : sink("refusing") {}
  void append(const weir::record& entry) override {
    weir::text_buffer message;
    entry.append_raw_message(message);
    const std::string line(message.data(), message.size());
    if (line.starts_with("bad")) {
      refused.push_back(entry.unix_nanoseconds());
      throw std::runtime_error("refused");
    }
    lines.push_back(line);
  }
  weir::commit_result commit() override { return {}; }

  // Written by the backend, read after close().
  std::vector<std::int64_t> refused;
  std::vector<std::string> lines;
};

} // namespace

TEST_CASE("loss report: all that is missing is said, and it is no record itself", "[log][loss]") {
  captured_stream test({}, weir::as_text());
  test.sink().refuse("bad");
  for (int i = 0; i < 7; ++i) test.log().info("bad");
  test.stream().close(std::chrono::minutes(1));
  const auto said = notices(test.sink().lines());
  CHECK(said.size() == test.sink().size()); // nothing else came through
  CHECK(sum(said) == 7);
  for (const auto& each : said) CHECK(each.reason == "sink");
  CHECK(test.stream().stats().accepted == 7);
}

TEST_CASE("loss report: its times are those of the first and the last record that is missing", "[log][loss]") {
  const auto sink = std::make_shared<refusing_sink>();
  weir::log_stream stream({.sinks = {sink}});
  weir::logger& log = stream.get_logger("l");
  for (int i = 0; i < 100; ++i) log.info("{} {}", i >= 40 && i < 60 ? "bad" : "good", i);
  CHECK(stream.close(std::chrono::minutes(1)));
  const auto said = notices(sink->lines);
  REQUIRE(sink->refused.size() == 20);
  CHECK(sum(said) == 20);
  CHECK(said.front().first == text(sink->refused.front()));
  CHECK(said.back().last == text(sink->refused.back()));
}

TEST_CASE("loss report: an overload is told of when it is over, by reason, with its time", "[log][loss]") {
  const auto [policy, reason] = GENERATE(table<overflow_policy, std::string>(
      {{overflow_policy::drop_newest, "queue_full"}, {overflow_policy::drop_oldest, "displaced"}}));
  captured_stream test(
      {.overflow = policy, .memory_limit_bytes = 64 * 1024, .chunk_bytes = 4096, .record_limit_bytes = 4096});
  test.sink().block();
  test.log().info("first");
  test.sink().wait_until_blocked();
  const std::string before = now_text(std::chrono::milliseconds(-20));
  for (int i = 0; i < 10'000; ++i) WEIR_INFO(test.log(), "record {}", i);
  const std::string after = now_text(std::chrono::milliseconds(20));
  const auto lost = test.stream().stats().dropped();
  test.sink().unblock();
  CHECK(test.stream().close(std::chrono::minutes(1)));
  const auto said = notices(test.sink().lines());
  REQUIRE(said.size() == 1); // the sink took nothing as long as it lasted
  CHECK(said[0].records == lost);
  CHECK(said[0].reason == reason);
  CHECK(before < said[0].first);
  CHECK(said[0].first < said[0].last);
  CHECK(said[0].last < after);
}

TEST_CASE("loss report: what no sink's threshold lets through is not tried for ever", "[log][loss]") {
  captured_stream test({}, weir::as_text());
  test.sink().set_threshold(weir::level::error);
  test.sink().refuse("bad");
  test.log().error("bad");
  CHECK(test.stream().flush(std::chrono::minutes(1)));
  test.sink().set_threshold(weir::level::trace); // what was still to be said would be now
  CHECK(test.stream().close(std::chrono::minutes(1)));
  CHECK(test.sink().lines().empty());
}

TEST_CASE("loss report: what no sink takes is said later, as one", "[log][loss]") {
  captured_stream test({}, weir::as_text());
  test.sink().lose_last(1'000'000); // a full device
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 10; ++i) test.log().info("lost");
    CHECK(test.stream().flush(std::chrono::minutes(1)));
  }
  CHECK(notices(test.sink().lines()).empty());
  test.sink().lose_last(0);
  CHECK(test.stream().close(std::chrono::minutes(1)));
  const auto said = notices(test.sink().lines());
  REQUIRE(said.size() == 1);
  CHECK(said[0].records == 50);
}

TEST_CASE("loss report: a long overload is told of once a second at most", "[log][loss]") {
  captured_stream test({}, weir::as_text());
  test.sink().refuse("bad");
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < 200; ++i) {
    test.log().info("bad");
    CHECK(test.stream().flush(std::chrono::minutes(1)));
  }
  const auto said = notices(test.sink().lines());
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - begun).count();
  CHECK(static_cast<std::int64_t>(said.size()) <= seconds + 1);
  CHECK(test.stream().close(std::chrono::minutes(1)));
  CHECK(sum(notices(test.sink().lines())) == 200);
}

TEST_CASE("loss report: several reasons at once are told apart", "[log][loss]") {
  captured_stream test({.overflow = overflow_policy::drop_newest,
                        .memory_limit_bytes = 64 * 1024,
                        .chunk_bytes = 4096,
                        .record_limit_bytes = 4096});
  weir::logger& oldest = test.stream().get_logger("oldest");
  oldest.set_overflow(overflow_policy::drop_oldest);
  test.sink().block();
  test.log().info("first");
  test.sink().wait_until_blocked();
  std::thread([&] {
    for (int i = 0; i < 10'000; ++i) WEIR_INFO(oldest, "oldest {}", i);
  }).join();
  weir::logger& patient = test.stream().get_logger("patient");
  patient.set_overflow({overflow_policy::block_with_limit, std::chrono::milliseconds(1)});
  for (int i = 0; i < 10'000 && test.stream().stats().dropped_queue_full == 0; ++i) WEIR_INFO(test.log(), "{}", i);
  WEIR_INFO(patient, "in vain");
  const auto stats = test.stream().stats();
  CHECK(stats.dropped_displaced > 0);
  CHECK(stats.dropped_queue_full == 1);
  CHECK(stats.dropped_block_limit == 1);
  test.sink().unblock();
  CHECK(test.stream().close(std::chrono::minutes(1)));
  const auto said = notices(test.sink().lines());
  REQUIRE(said.size() == 3);
  CHECK(std::ranges::count(said, "displaced", &notice::reason) == 1);
  CHECK(std::ranges::count(said, "queue_full", &notice::reason) == 1);
  CHECK(std::ranges::count(said, "block_limit", &notice::reason) == 1);
  CHECK(sum(said) == stats.dropped());
}
