#include "weir/log/renderer.hpp"

#include "captured_stream.hpp"
#include "logfmt_reader.hpp"
#include "made_record.hpp"
#include "well_formed.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>
#include <optional>
#include <random>
#include <regex>
#include <string>
#include <vector>

namespace {

std::string keys_of(const std::vector<logfmt_pair>& pairs) {
  std::string keys;
  for (const logfmt_pair& each : pairs) keys += each.key + ' ';
  return keys;
}

std::string value_of(const std::vector<logfmt_pair>& pairs, std::string_view key) {
  for (const logfmt_pair& each : pairs)
    if (each.key == key) return each.value;
  return "(none)";
}

} // namespace

TEST_CASE("logfmt: a line is time, level, logger, message, ids, fields", "[log][renderer]") {
  captured_stream test({}, weir::as_logfmt());
  const weir::correlation ids{0x0123456789abcdef, 0x1, 0xfeedULL};
  weir::current_correlation = &ids;
  WEIR_WARN(test.log(), "sent {} bytes", 42, weir::field<"file">("a b"), weir::field<"n">(1));
  weir::current_correlation = nullptr;
  test.log().info("ready");
  const auto lines = test.lines();
  REQUIRE(lines.size() == 2);
  const std::string time = R"re(time=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z )re";
  CHECK(std::regex_match(lines[0], std::regex(time + R"re(level=warn logger=test message="sent 42 bytes" )re"
                                                     "trace_id=0123456789abcdef0000000000000001 "
                                                     R"re(span_id=000000000000feed file="a b" n=1)re")));
  CHECK(std::regex_match(lines[1], std::regex(time + "level=info logger=test message=ready")));
}

TEST_CASE("logfmt: values have quotes where a reader needs them", "[log][renderer]") {
  const auto renderer = weir::as_logfmt();
  captured_stream test({}, weir::as_logfmt());
  const auto check = [&](std::string_view raw, std::string_view written) {
    const std::string line = made_record{.message = std::string(raw)}.by(*renderer);
    CHECK(line.substr(line.find("message=") + 8) == written);
    // As a field and as a logger's name it reads the same.
    test.log().info("x", weir::field<"k">(raw));
    CHECK(test.last_line().ends_with(" k=" + std::string(written)));
    const std::string named = made_record{.logger = std::string(raw)}.by(*renderer);
    CHECK(named.find(" logger=" + std::string(written) + " message=message") != named.npos);
  };
  check("", R"("")");
  check("word", "word");
  check("two words", R"("two words")");
  check("a=b", R"("a=b")");
  check("\"", R"("\"")");
  check("C:\\dir", R"("C:\\dir")");
  check("null", R"("null")");
  check("nul", "nul");
  check("true", "true");
  check("[1,2]", "[1,2]");
  check("grüße", "grüße");
  check("grüße 水", R"("grüße 水")");
  check("a\nb", R"("a\nb")");
  check("\x1b[31m", R"("\u001b[31m")");
  check("\xe2\x80\xa8", R"("\u2028")");
  check("\xc2\x85", R"("\u0085")");
  check("\xff", R"("\\xff")");
  check("ü\xff", R"("ü\\xff")");
}

TEST_CASE("logfmt: fields keep what they are", "[log][renderer]") {
  captured_stream test({}, weir::as_logfmt());
  constexpr double infinity = std::numeric_limits<double>::infinity();
  test.log().info(
      "x", weir::field<"i">(std::numeric_limits<std::int64_t>::min()),
      weir::field<"u">(std::numeric_limits<std::uint64_t>::max()), weir::field<"d">(0.1), weir::field<"b">(true),
      weir::field<"c">('='), weir::field<"nan">(std::nan("")), weir::field<"inf">(-infinity),
      weir::field<"none">(std::optional<int>()), weir::field<"list">(std::vector<int>{1, 2}),
      weir::field<"text">(std::optional<std::string>("null")), weir::field<"http.request/method-x_1">("GET"));
  CHECK(test.last_line().ends_with(" message=x i=-9223372036854775808 u=18446744073709551615 d=0.1 b=true c=\"=\" "
                                   "nan=NaN inf=-Infinity none=null list=[1,2] text=\"null\" "
                                   "http.request/method-x_1=GET"));
}

TEST_CASE("logfmt: a key stands in a line once", "[log][renderer]") {
  captured_stream test({}, weir::as_logfmt());
  auto bound = test.log().with(weir::field<"k">("logger's"), weir::field<"other">(1));
  WEIR_INFO(bound, "x", weir::field<"k">("statement's"));
  const auto pairs = read_logfmt(test.last_line());
  REQUIRE(pairs.has_value());
  CHECK(keys_of(*pairs) == "time level logger message k other ");
  CHECK(value_of(*pairs, "k") == "statement's");
}

TEST_CASE("logfmt: whatever is logged, a reader gets it back", "[log][renderer]") {
  static const std::string pieces[] = {
      "\n",   "\t",       "\x1b[31m",     "\"",           "\\",       "=",    " ",     "ü",    "水",
      "🌊",    "\xc2\x85", "\xe2\x80\xa8", "\xed\xa0\x80", "\xc0\x80", "\xff", "plain", "null", std::string(1, '\0'),
      "\x7f", "\\x"};
  captured_stream test({}, weir::as_logfmt());
  std::mt19937 random(3);
  std::vector<std::string> raw;
  for (int i = 0; i < 5000; ++i) {
    std::string bytes;
    for (auto left = random() % 6; left > 0; --left) bytes += pieces[random() % std::size(pieces)];
    test.log().info("{}", bytes, weir::field<"again">(bytes));
    raw.push_back(bytes);
  }
  const auto lines = test.lines();
  REQUIRE(lines.size() == raw.size());
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (!is_one_valid_line(lines[i])) FAIL(lines[i]);
    const auto pairs = read_logfmt(lines[i]);
    if (!pairs || keys_of(*pairs) != "time level logger message again ") FAIL(lines[i]);
    // Bytes that are not text come back as the four characters that stand for each.
    std::string expected;
    for (std::size_t k = 0; k < raw[i].size(); ++k) {
      if (static_cast<unsigned char>(raw[i][k]) == 0xff || raw[i].substr(k, 3) == "\xed\xa0\x80") {
        for (const char c : raw[i].substr(k, raw[i][k] == '\xff' ? 1 : 3))
          expected += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        k += raw[i][k] == '\xff' ? 0 : 2;
      } else if (raw[i].substr(k, 2) == "\xc0\x80") {
        expected += "\\xc0\\x80";
        ++k;
      } else {
        expected += raw[i][k];
      }
    }
    if (value_of(*pairs, "message") != expected || value_of(*pairs, "again") != expected) FAIL(lines[i]);
  }
}
