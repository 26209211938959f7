#include "weir/log/format.hpp"

#include "captured_stream.hpp"

#include <fmt/chrono.h>
#include <fmt/ranges.h> // so other files of this program must not log vectors of short

#include <catch2/catch.hpp>

#include <clocale>
#include <locale>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

struct messages {
  static constexpr const char* slow = "slow {}";
};

struct throwing {};
struct throwing_int {};
struct throwing_late {};

/// A locale that separates thousands with a line feed.
struct hostile_punctuation : std::numpunct<char> {
  char do_thousands_sep() const override { return '\n'; }
  std::string do_grouping() const override { return "\3"; }
};

} // namespace

template <>
struct fmt::formatter<throwing> : fmt::formatter<int> {
  auto format(throwing, fmt::format_context& context) const -> decltype(context.out()) {
    throw std::runtime_error("formatter\nfailed");
  }
};
template <>
struct fmt::formatter<throwing_int> : fmt::formatter<int> {
  auto format(throwing_int, fmt::format_context&) const -> fmt::format_context::iterator { throw 42; }
};
template <>
struct fmt::formatter<throwing_late> : fmt::formatter<int> {
  auto format(throwing_late, fmt::format_context& context) const -> fmt::format_context::iterator {
    fmt::format_to(context.out(), "half of it");
    throw 42;
  }
};
template <>
inline constexpr bool weir::copy_safe<throwing_late> = true;
template <>
inline constexpr bool weir::copy_safe<throwing> = true;

// The same message by the macro, by the function and by fmt.
#define CHECK_FORMAT(...)                                                                                            \
  do {                                                                                                               \
    captured_stream both;                                                                                            \
    WEIR_INFO(both.log(), __VA_ARGS__);                                                                              \
    both.log().info(__VA_ARGS__);                                                                                    \
    const std::string expected = fmt::format(__VA_ARGS__);                                                           \
    CHECK(both.lines() == std::vector<std::string>{expected, expected});                                             \
  } while (false)

TEST_CASE("format: a literal is written as it is", "[log][format]") {
  CHECK_FORMAT("plain");
  CHECK_FORMAT("");
  CHECK_FORMAT("percent %d and back\\slash");
  CHECK_FORMAT("grüße, 水, 🌊");
}

TEST_CASE("format: doubled braces are single ones", "[log][format]") {
  CHECK_FORMAT("{{}}");
  CHECK_FORMAT("{{{}}}", 1);
  CHECK_FORMAT("}}{{");
  CHECK_FORMAT("a{{b{}c}}d", 1);
  CHECK_FORMAT("{}{{", 1);
}

TEST_CASE("format: arguments go where they are called for", "[log][format]") {
  CHECK_FORMAT("{}", 1);
  CHECK_FORMAT("{} {} {}", 1, "two", 3.5);
  CHECK_FORMAT("{1} {0}", "a", "b");
  CHECK_FORMAT("{0} {0} {0} {1} {0}", std::string(300, 'x'), 'c');
  CHECK_FORMAT("{}{}{}{}{}{}{}{}{}{}{}{}", 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
  CHECK_FORMAT("{10}{2}", 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
}

TEST_CASE("format: specifications are fmt's", "[log][format]") {
  CHECK_FORMAT("{:>8}|{:<8}|{:^8}|", 1, "two", 3.5);
  CHECK_FORMAT("{:*^9}|{:#x}|{:+d}|{:08.3f}|{:e}", "mid", 255, 7, 3.14159, 1e100);
  CHECK_FORMAT("{:c}{:d}", 'c', 'c');
  CHECK_FORMAT("{:s}|{:d}|{}", true, true, false);
  CHECK_FORMAT("{:.2}|{:10.3}|", "abcdef", "abcdef");
  CHECK_FORMAT("{:ж>5}|", 1);
  CHECK_FORMAT("{:%H:%M:%S}", std::chrono::seconds(3661));
  CHECK_FORMAT("{:p}", static_cast<void*>(nullptr));
}

TEST_CASE("format: it may be a constant", "[log][format]") {
  static constexpr std::string_view view = "a {}", part = std::string_view("b {} and more").substr(0, 4);
  static constexpr const char* pointer = "c {}";
  static constexpr char characters[16] = "d {}";
  CHECK_FORMAT(view, 1);
  CHECK_FORMAT(part, 2);
  CHECK_FORMAT(pointer, 3);
  CHECK_FORMAT(messages::slow, 4);
  captured_stream test;
  WEIR_INFO(test.log(), characters, 5); // which end where their text does; not to fmt 11
  test.log().info(characters, 6);
  CHECK(test.lines() == std::vector<std::string>{"d 5", "d 6"});
}

TEST_CASE("format: what is volatile is formatted as what it is", "[log][format]") {
  volatile bool flag = true;
  volatile char letter = 'A';
  volatile int number = -7;
  volatile double share = 0.5;
  CHECK_FORMAT("{} {} {} {}", flag, letter, number, share);
  CHECK_FORMAT("{:s} {:<6}|{:?} {:d}", flag, flag, letter, letter);
}

TEST_CASE("format: widths and precisions may be arguments", "[log][format]") {
  CHECK_FORMAT("{:{}}|", 1, 8);
  CHECK_FORMAT("{:.{}f} {}", 3.14159, 2, "after");
  CHECK_FORMAT("{0:{1}}|{0:{2}}|", "x", 4, 8);
}

TEST_CASE("format: the address of a pointer to characters", "[log][format]") {
  char text[] = "text";
  const char* const pointer = text;
  char* const changeable = text;
  CHECK_FORMAT("{:p}", pointer);
  CHECK_FORMAT("{:>20p} {} {:s}", changeable, pointer, changeable);
  CHECK_FORMAT("{0} at {0:p}, {1}", pointer, std::optional(1).value());
  CHECK_FORMAT("{:p} of {}", pointer, std::vector<short>{1, 2});
  CHECK_FORMAT("{{:p}} {}", pointer);
  CHECK_FORMAT("{:p<6} {:p>}", pointer, pointer);
  const char* const missing = nullptr;
  captured_stream test({}, as_bare_json());
  for (int i = 0; i < 2; ++i) {
    WEIR_INFO(test.log(), "{0} at {0:p}", missing, weir::field<"k">(i));
    test.log().info("{0} at {0:p}", missing, weir::field<"k">(i));
    WEIR_INFO_LIMITED(test.log(), weir::sample(1), "{0} at {0:p}", missing, weir::field<"k">(i));
  }
  const auto lines = test.lines();
  REQUIRE(lines.size() == 6);
  for (std::size_t i = 0; i < 6; ++i) CHECK(lines[i] == R"((null) at 0x0,"k":)" + std::to_string(i / 3));
  WEIR_INFO(test.log(), "{:p}", reinterpret_cast<const char8_t*>(0x10));
  CHECK(test.last_line() == "0x10");
}

TEST_CASE("format: a view that has to be copied to go through it has fmt's specifications", "[log][format]") {
  const std::vector numbers{1, 2, 30};
  auto small = numbers | std::views::filter([](int n) { return n < 10; });
  CHECK_FORMAT("{}", small);
  CHECK_FORMAT("{::02x} {:n}", small, small);
  captured_stream test({}, as_bare_json());
  test.log().info("", weir::field<"k">(small));
  CHECK(test.last_line() == R"(,"k":"[1, 2]")");
}

TEST_CASE("format: arguments that cannot travel are rendered at the call", "[log][format]") {
  CHECK_FORMAT("{} {}", std::vector<short>{1, 2, 3}, 4);
  CHECK_FORMAT("{}", fmt::join(std::vector<std::string>{"a", "b"}, "; "));
}

TEST_CASE("format: the function form takes named arguments", "[log][format]") {
  captured_stream test;
  test.log().info("{name} {number}", fmt::arg("number", 1), fmt::arg("name", "value"));
  CHECK(test.last_line() == "value 1");
}

TEST_CASE("format: a number printed as a character is escaped like text", "[log][format]") {
  captured_stream text, json({}, as_bare_json());
  WEIR_INFO(text.log(), "a{:c}b", 10);
  WEIR_INFO(json.log(), "a{:c}b", 34);
  CHECK(text.last_line() == "a\\nb");
  CHECK(json.last_line() == "a\\\"b");
}

TEST_CASE("format: a locale's separators are escaped like text", "[log][format]") {
  captured_stream test;
  const std::locale before = std::locale::global(std::locale(std::locale::classic(), new hostile_punctuation));
  WEIR_INFO(test.log(), "{:L}", 1234567);
  const std::string line = test.last_line();
  std::locale::global(before);
  CHECK(line == "1\\n234\\n567");
}

TEST_CASE("format: what a formatter throws at the call becomes the message", "[log][format]") {
  captured_stream test;
  test.log().info("{} {}", throwing{}, std::vector<short>{1}, weir::field<"n">(1));
  CHECK(test.last_line() == "[could not be formatted: formatter\\nfailed] {} {} n=1");
}

TEST_CASE("format: what a formatter throws need not be an exception of the standard's", "[log][format]") {
  captured_stream test;
  test.log().info("{}", throwing_int{}, weir::field<"n">(1));
  CHECK(test.last_line() == "[could not be formatted: unknown exception] {} n=1");
}

TEST_CASE("format: a formatter that throws on the backend costs its argument only", "[log][format]") {
  captured_stream test;
  WEIR_INFO(test.log(), "user {} since {}, {}", "ada", throwing{}, 5, weir::field<"n">(1));
  test.log().info("{:>{}}|", "x", -1, weir::field<"user">("ada"));
  WEIR_INFO(test.log(), "{:.{}f} {}", 2.5, -1, 7);
  CHECK(test.lines() == std::vector<std::string>{"user ada since [unformattable], 5 n=1", "[unformattable]| user=ada",
                                                 "[unformattable] 7"});
  CHECK(test.stream().stats().dropped() == 0);
}

TEST_CASE("format: what a throwing formatter has begun to write is taken back", "[log][format]") {
  captured_stream text, json({}, as_bare_json());
  WEIR_INFO(text.log(), "a {} b", throwing_late{});
  WEIR_INFO(json.log(), "\"{}\"", throwing_late{});
  CHECK(text.last_line() == "a [unformattable] b");
  CHECK(json.last_line() == R"(\"[unformattable]\")");
}

TEST_CASE("format: both forms know their place in the source", "[log][format]") {
  class place final : public weir::renderer {
   public:
    void render(const weir::record& entry, weir::text_buffer& out) override {
      const auto position = entry.position();
      fmt::format_to(fmt::appender(out), "{}:{}\n", position.file.substr(position.file.rfind('/') + 1),
                     position.line);
    }
  };
  captured_stream test({}, std::make_unique<place>());
  // clang-format off
  test.log().info("{}", 1); const unsigned function_line = __LINE__;
  WEIR_INFO(test.log(), "{}", 1); const unsigned macro_line = __LINE__;
  test.log().info("{}", std::vector<short>{}); const unsigned rendered_line = __LINE__;
  // clang-format on
  CHECK(test.lines() == std::vector<std::string>{fmt::format("format_test.cpp:{}", function_line),
                                                 fmt::format("format_test.cpp:{}", macro_line),
                                                 fmt::format("format_test.cpp:{}", rendered_line)});
}
