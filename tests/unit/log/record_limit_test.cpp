// Records larger than a chunk, and larger than the limit.
#include "weir/log/text_cutter.hpp"

#include "captured_stream.hpp"
#include "well_formed.hpp"

#include <catch2/catch.hpp>

#include <string>

using weir::field;

namespace {
std::string pattern(std::size_t bytes) {
  std::string text(bytes, ' ');
  for (std::size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>('a' + i % 26);
  return text;
}
} // namespace

TEST_CASE("record: one larger than a chunk is carried whole, in order", "[log][record]") {
  captured_stream test({.memory_limit_bytes = 1 << 20, .chunk_bytes = 4096, .record_limit_bytes = 400'000});
  std::vector<std::string> expected;
  for (const std::size_t bytes : {10U, 3000U, 4000U, 4096U, 5000U, 300'000U, 10U, 399'000U, 1U}) {
    expected.push_back(pattern(bytes));
    WEIR_INFO(test.log(), "{}", expected.back());
  }
  CHECK(test.lines() == expected);
  CHECK(test.stream().stats().memory_bytes <= 1 << 20);
}

TEST_CASE("record: its memory is given back when it is larger than a chunk", "[log][record]") {
  captured_stream test({.memory_limit_bytes = 64 * 1024, .chunk_bytes = 4096, .record_limit_bytes = 32 * 1024});
  const std::string large = pattern(30'000);
  for (int i = 0; i < 200; ++i) WEIR_INFO(test.log(), "{} {}", i, large);
  CHECK(test.lines().size() == 200);
  CHECK(test.stream().stats().dropped() == 0);
}

TEST_CASE("record: one above the limit is cut to it, with a mark", "[log][record]") {
  captured_stream test({.record_limit_bytes = 4096});
  const std::string long_text = pattern(10'000);
  WEIR_INFO(test.log(), "{}", long_text);
  const std::string line = test.last_line();
  const std::size_t mark = line.find(" [");
  REQUIRE(mark != line.npos);
  CHECK(long_text.starts_with(line.substr(0, mark)));
  CHECK(line.substr(mark) == fmt::format(" [{} bytes cut]", 10'000 - mark));
  CHECK(mark > 4000);
  CHECK(mark <= 4096);
}

TEST_CASE("record: the limit that nobody has set is no more than half the memory", "[log][record]") {
  captured_stream test({.memory_limit_bytes = 64 * 1024, .chunk_bytes = 4096});
  WEIR_INFO(test.log(), "{}", pattern(30'000));
  CHECK(test.last_line() == pattern(30'000));
  WEIR_INFO(test.log(), "{}", pattern(40'000));
  CHECK(test.last_line().ends_with(" bytes cut]"));
}

TEST_CASE("record: only the longest strings are cut", "[log][record]") {
  captured_stream test({.record_limit_bytes = 4096});
  WEIR_INFO(test.log(), "{} {} {}", "short", pattern(10'000), 7, field<"a">("kept"), field<"b">(pattern(10'000)));
  const std::string line = test.last_line();
  CHECK(line.starts_with("short abcdef"));
  CHECK(line.find(" 7 [") != line.npos);
  CHECK(line.find(" a=kept b=abcdef") != line.npos);
  CHECK(line.size() > 4000);
  CHECK(line.size() < 4300);
}

TEST_CASE("record: a cut does not go through a character", "[log][record]") {
  for (std::size_t shift = 0; shift < 8; ++shift) {
    captured_stream test({.record_limit_bytes = 1024});
    std::string text(shift, 'x');
    for (int i = 0; i < 1000; ++i) text += "🌊";
    test.log().info("{}", text);
    const std::string line = test.last_line();
    CHECK(is_one_valid_line(line));
    CHECK(line.find("\\x") == line.npos);
    CHECK(line.find(" bytes cut]") != line.npos);
  }
}

TEST_CASE("record: what is rendered at the call is cut as well", "[log][record]") {
  captured_stream test({.record_limit_bytes = 2048});
  test.log().info("{}", std::vector<std::string_view>{}.size(), field<"k">(pattern(5000)));
  CHECK(test.last_line().size() < 2200);
  CHECK(test.last_line().find("bytes cut]") != std::string::npos);
}

TEST_CASE("text_cutter: room goes to the longer strings when the shorter ones leave some", "[log][record]") {
  std::size_t sizes[] = {0, 10, 100, 100};
  weir::detail::text_cutter cut(sizes, 100);
  const std::string ten = pattern(10), hundred = pattern(100);
  CHECK(cut(std::string_view(ten)).size() == 10);
  CHECK(cut(std::string_view(hundred)).size() == 45);
  CHECK(cut(std::string_view(hundred)).size() == 45);
  CHECK(cut.cut_bytes() == 110);
}

TEST_CASE("text_cutter: with no room nothing is left", "[log][record]") {
  std::size_t sizes[] = {0, 10};
  weir::detail::text_cutter cut(sizes, 0);
  CHECK(cut(std::string_view("0123456789")).empty());
  CHECK(cut.cut_bytes() == 10);
}
