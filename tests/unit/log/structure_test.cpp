// Neither <fmt/ranges.h> nor <fmt/std.h> here: none of this needs them.
#include "weir/log/structure.hpp"

#include "captured_stream.hpp"
#include "run_program.hpp"
#include "temporary_directory.hpp"
#include "well_formed.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cmath>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory_resource>
#include <new>
#include <optional>
#include <ranges>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

using weir::field;

namespace {

/// The value in a message, by macro, by function, and beside one that is rendered at the call.
template <class T>
std::string message_of(const T& value) {
  captured_stream test;
  WEIR_INFO(test.log(), "{}", value);
  test.log().info("{}", value);
  const auto lines = test.lines();
  CHECK(lines[0] == lines[1]);
  return lines[0];
}

template <class T>
std::string json_of(const T& value) {
  captured_stream test({}, as_bare_json());
  WEIR_INFO(test.log(), "", field<"k">(value));
  const std::string line = test.last_line(), key = R"(,"k":)";
  CHECK(line.starts_with(key));
  return line.substr(key.size());
}

template <class T>
std::string text_of(const T& value) {
  captured_stream test;
  test.log().info("", field<"k">(value));
  const std::string line = test.last_line(), key = " k=";
  CHECK(line.starts_with(key));
  return line.substr(key.size());
}

struct point {
  int x, y;
};
enum class color { red, green };

/// A range that says how it wants to be printed.
struct secret_range {
  std::vector<int> values;
  auto begin() const { return values.begin(); }
  auto end() const { return values.end(); }
};

/// One that does not.
struct open_range {
  std::vector<int> values;
  auto begin() const { return values.begin(); }
  auto end() const { return values.end(); }
};

struct no_memory {
  struct iterator {
    const int& operator*() const { throw std::bad_alloc(); }
    iterator& operator++() { return *this; }
    bool operator==(const iterator&) const { return false; }
  };
  iterator begin() const { return {}; }
  iterator end() const { return {}; }
};

} // namespace

template <>
struct fmt::formatter<point> : fmt::formatter<int> {
  auto format(const point& p, fmt::format_context& context) const {
    return fmt::format_to(context.out(), "<{}; \"{}\">", p.x, p.y);
  }
};
template <>
struct fmt::formatter<secret_range> : fmt::formatter<fmt::string_view> {
  auto format(const secret_range&, fmt::format_context& context) const {
    return fmt::formatter<fmt::string_view>::format("***", context);
  }
};

TEST_CASE("structure: an optional is its value, or none", "[log][structure]") {
  CHECK(message_of(std::optional(5)) == "5");
  CHECK(message_of(std::optional<std::string>("a \"b\"")) == "a \"b\"");
  CHECK(message_of(std::optional<double>()) == "none");
  CHECK(json_of(std::optional(-5)) == "-5");
  CHECK(json_of(std::optional(0.5)) == "0.5");
  CHECK(json_of(std::optional(true)) == "true");
  CHECK(json_of(std::optional<std::string>("a \"b\"")) == R"("a \"b\"")");
  CHECK(json_of(std::optional<int>()) == "null");
  CHECK(json_of(std::optional(color::green)) == "1");
  CHECK(text_of(std::optional(5)) == "5");
  CHECK(text_of(std::optional<int>()) == "null");
  CHECK(text_of(std::optional<std::string>("a")) == R"("a")");
}

TEST_CASE("structure: containers are lists, sets and maps as fmt writes them", "[log][structure]") {
  CHECK(message_of(std::vector{1, 2, 3}) == "[1, 2, 3]");
  CHECK(message_of(std::vector<int>{}) == "[]");
  CHECK(message_of(std::vector<bool>{true, false}) == "[true, false]");
  CHECK(message_of(std::deque<std::string>{"a", "b\"c"}) == R"(["a", "b\"c"])");
  CHECK(message_of(std::list<std::string_view>{"a\nb"}) == R"(["a\nb"])");
  CHECK(message_of(std::set{1, 2}) == "{1, 2}");
  CHECK(message_of(std::map<std::string, int>{{"a", 1}, {"b", 2}}) == R"({"a": 1, "b": 2})");
  CHECK(message_of(std::map<int, std::vector<int>>{{1, {2, 3}}}) == "{1: [2, 3]}");
  CHECK(message_of(std::vector{'a', '\'', '"'}) == R"(['a', '\'', '"'])");
  CHECK(message_of(std::vector<const char*>{"a", nullptr}) == R"re(["a", "(null)"])re");
  CHECK(message_of(std::pmr::vector<std::pmr::string>{"a"}) == R"(["a"])");
  const int numbers[] = {1, 2};
  CHECK(message_of(numbers) == "[1, 2]");
  CHECK(message_of(std::array{1.5, 2.0}) == "[1.5, 2]");
  CHECK(message_of(std::span(numbers)) == "[1, 2]");
  CHECK(message_of(std::vector<std::optional<int>>{1, {}}) == "[1, none]");
  CHECK(message_of(std::vector{point{1, 2}}) == R"([<1; "2">])");
  CHECK(message_of(open_range{{1, 2}}) == "[1, 2]");
}

TEST_CASE("structure: pairs and tuples stand in parentheses", "[log][structure]") {
  CHECK(message_of(std::pair(1, "a")) == R"((1, "a"))");
  CHECK(message_of(std::tuple(1, 'c', 2.5L, std::tuple<>())) == "(1, 'c', 2.5, ())");
  CHECK(json_of(std::pair(1, "a")) == R"([1,"a"])");
  CHECK(json_of(std::tuple(true, std::optional<int>(), point{1, 2})) == R"re([true,null,"<1; \"2\">"])re");
}

TEST_CASE("structure: a variant is the value that it holds", "[log][structure]") {
  using variant = std::variant<std::monostate, int, std::string>;
  CHECK(message_of(variant()) == "none");
  CHECK(message_of(variant(1)) == "1");
  CHECK(message_of(variant("text")) == "text");
  CHECK(message_of(std::vector<variant>{1, "text"}) == R"([1, "text"])");
  CHECK(json_of(variant()) == "null");
  CHECK(json_of(variant(1)) == "1");
  CHECK(json_of(variant("text")) == R"("text")");
}

TEST_CASE("structure: a container's field is a JSON array of typed values", "[log][structure]") {
  CHECK(json_of(std::vector{1, 2}) == "[1,2]");
  CHECK(json_of(std::vector<std::string>{"a", "\"\n\xff"}) == R"(["a","\"\n\\xff"])");
  CHECK(json_of(std::vector{0.5, std::nan(""), HUGE_VAL, -HUGE_VAL}) == R"([0.5,"NaN","Infinity","-Infinity"])");
  CHECK(json_of(std::vector{0.1F}) == "[0.1]");
  CHECK(json_of(std::vector<void*>{nullptr}) == R"(["0x0"])");
  CHECK(json_of(std::vector{'a', '"'}) == R"(["a","\""])");
  CHECK(json_of(std::vector<std::vector<int>>{{1}, {}}) == "[[1],[]]");
  CHECK(json_of(std::set{2, 1}) == "[1,2]");
  CHECK(json_of(open_range{{1, 2}}) == "[1,2]");
  const int numbers[] = {1, 2};
  CHECK(json_of(numbers) == "[1,2]");
}

TEST_CASE("structure: a map from strings is a JSON object, another an array of pairs", "[log][structure]") {
  CHECK(json_of(std::map<std::string, double>{{"a", 1}, {"b \"c\"", 2.5}}) == R"({"a":1,"b \"c\"":2.5})");
  CHECK(json_of(std::unordered_map<std::string_view, std::map<std::string, bool>>{{"a", {{"b", true}}}}) ==
        R"({"a":{"b":true}})");
  CHECK(json_of(std::map<int, std::string>{{1, "a"}}) == R"([[1,"a"]])");
  // The same key twice would not be an object.
  CHECK(json_of(std::multimap<std::string, int>{{"a", 1}, {"a", 2}}) == R"([["a",1],["a",2]])");
}

TEST_CASE("structure: different strings stay different keys of a JSON object", "[log][structure]") {
  // A broken byte is shown as four characters, which may be another key.
  CHECK(json_of(std::map<std::string, int>{{"\xff", 1}, {"\\xff", 2}, {"\xfe", 3}}) ==
        R"({"\\x5cxff":2,"\\xfe":3,"\\xff":1})");
  CHECK(json_of(std::map<std::string, int>{{"\\x5cxff", 1}}) == R"({"\\x5cx5cxff":1})");
  // Nothing else in a key is changed, and nothing in a value.
  CHECK(json_of(std::map<std::string, std::string>{{R"(C:\xy\xF0\)", R"(\xff)"}}) == R"({"C:\\xy\\xF0\\":"\\xff"})");
}

TEST_CASE("structure: a view that has to be copied to go through it is a list", "[log][structure]") {
  const std::vector numbers{1, 2, 3, 4};
  const auto is_even = [](int n) { return n % 2 == 0; };
  const auto even = numbers | std::views::filter(is_even);
  CHECK(message_of(even) == "[2, 4]");
  CHECK(message_of(numbers | std::views::filter(is_even) | std::views::transform([](int n) { return n * 10; })) ==
        "[20, 40]");
  CHECK(message_of(numbers | std::views::drop_while([](int n) { return n < 3; })) == "[3, 4]");
  CHECK(json_of(even) == "[2,4]");
  CHECK(text_of(even) == "[2,4]");
  CHECK(message_of(std::tuple(even, 1)) == "([2, 4], 1)");
  CHECK(json_of(std::vector{even, even}) == "[[2,4],[2,4]]");
  captured_stream test;
  test.log().info("{:>8} {}", even, point{1, 2});
  CHECK(test.last_line() == R"(  [2, 4] <1; "2">)");
}

TEST_CASE("structure: in text a field is its JSON, in quotes where it could be misread", "[log][structure]") {
  CHECK(text_of(std::vector{1, 2}) == "[1,2]");
  CHECK(text_of(std::vector<std::string>{"a"}) == R"("[\"a\"]")");
}

TEST_CASE("structure: a range's own formatter has the say", "[log][structure]") {
  CHECK(message_of(secret_range{{1}}) == "***");
  CHECK(json_of(secret_range{{1}}) == R"("***")");
  CHECK(message_of(std::vector{secret_range{{1}}}) == "[***]");
  CHECK(json_of(std::vector{secret_range{{1}}}) == R"(["***"])");
}

TEST_CASE("structure: specifications are those of text", "[log][structure]") {
  captured_stream test;
  WEIR_INFO(test.log(), "{:>8}|{:<6}|{:*^10}|", std::vector{1, 2}, std::optional<int>(), std::pair(1, 2));
  CHECK(test.last_line() == "  [1, 2]|none  |**(1, 2)**|");
}

TEST_CASE("structure: it is copied at the call", "[log][structure]") {
  captured_stream test;
  test.sink().block();
  std::vector<std::string> values(3, std::string(100, 'a'));
  WEIR_INFO(test.log(), "{} {}", values, std::span(values), field<"k">(values));
  for (std::string& value : values) value.assign(100, 'b');
  test.sink().unblock();
  CHECK(test.last_line().find('b') == std::string::npos);
}

TEST_CASE("structure: what throws does not make the log call throw", "[log][structure]") {
  CHECK(message_of(no_memory()) == "[unformattable]");
  CHECK(json_of(no_memory()) == R"("unformattable")");
}

TEST_CASE("structure: a long range ends early and says so", "[log][structure]") {
  const std::string message = message_of(std::vector<int>(1'000'000));
  CHECK(message.size() < 17'000);
  CHECK(message.ends_with(", 0, …]"));
  CHECK(json_of(std::vector<int>(1'000'000)).ends_with(R"(,0,"…"])"));
  std::map<std::string, std::vector<int>> map;
  for (int i = 0; i < 1000; ++i) map[std::to_string(i)] = std::vector<int>(50);
  CHECK(json_of(map).ends_with(R"("…"],"…":null})"));
  CHECK(json_of(map).size() < 17'000);
}

TEST_CASE("structure: of a record that was cut it is a string", "[log][structure]") {
  captured_stream test({.record_limit_bytes = 1024}, as_bare_json());
  WEIR_INFO(test.log(), "m", field<"n">(std::vector{1}), field<"v">(std::vector<int>(2000, 7)), field<"after">(1));
  const std::string line = test.last_line();
  CHECK(line.starts_with("m ["));
  CHECK(line.find(R"(,"n":"[1]","v":"[7,7,)") != line.npos);
  CHECK(line.ends_with(R"(7","after":1)") + line.ends_with(R"(,","after":1)") == 1);
}

TEST_CASE("structure: whatever strings are in it, jq reads it back", "[log][structure]") {
  if (!is_installed("jq")) {
    WARN("jq is not installed");
    return;
  }
  const temporary_directory directory;
  const std::string path = directory.file("structures.json");
  std::vector<std::string> hostile{"", "\"", "\\", "\n\t\x1b", "grüße 🌊 \xe2\x80\xa8", "],", std::string(1, '\0')};
  {
    weir::log_stream stream({.sinks = {weir::file_sink(path, weir::as_json())}});
    weir::logger& log = stream.get_logger("main");
    for (unsigned char c = 1; c < 255; ++c) {
      hostile.back() = std::string(3, static_cast<char>(c));
      std::map<std::string, std::vector<std::string>> map;
      for (const auto& key : hostile) map[key] = hostile;
      WEIR_INFO(log, "{} {}", hostile, map, field<"list">(hostile), field<"map">(map),
                field<"pair">(std::pair(hostile, std::optional(hostile))));
    }
  }
  for (const auto& line : lines_of(path))
    if (!is_one_valid_line(line)) FAIL(line);
  CHECK(run_program("jq -e . " + path + " >/dev/null").status == 0);
  CHECK(run_program("jq -s 'all(.map[\"\\\"\"] == .list and .pair[0] == .list and .pair[1] == .list)' " + path)
            .output == "true\n");
}
