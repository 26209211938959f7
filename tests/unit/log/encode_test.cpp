#include "weir/log/encode.hpp"

#include "captured_stream.hpp"

#include <fmt/chrono.h>

#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <cstring>
#include <limits>
#include <memory_resource>
#include <string>
#include <string_view>
#include <type_traits>

namespace {

/// Converts to a string, but says how it wants to be printed.
struct secret {
  std::string text;
  operator std::string_view() const { return text; }
};

/// Only converts.
struct label {
  std::string text;
  operator std::string_view() const { return text; }
};

struct point {
  int x, y;
};

/// Compares as it likes, as some programs' strings do.
struct other_traits : std::char_traits<char> {};

enum class color : signed char { red = -1, green = 1 };
enum unscoped : unsigned char { first = 'a' };
enum class large : std::uint64_t { most = 18446744073709551615U };
enum class flag : bool { off, on };
/// With a formatter that looks at nothing but the value.
enum class method { get, put };
/// With a formatter that looks at more than the value.
enum class translated { yes };
/// With a name of its own.
enum class named { one };
std::string_view format_as(named) { return "one"; }
/// With a number of its own.
enum class numbered { seven };
int format_as(numbered) { return 7; }

} // namespace

template <>
inline constexpr bool weir::copy_safe<method> = true;

template <>
struct fmt::formatter<method> : fmt::formatter<std::string_view> {
  auto format(method m, fmt::format_context& context) const {
    return fmt::formatter<std::string_view>::format(m == method::get ? "GET" : "PUT", context);
  }
};
template <>
struct fmt::formatter<translated> : fmt::formatter<std::string_view> {
  auto format(translated, fmt::format_context& context) const {
    return fmt::formatter<std::string_view>::format("oui", context);
  }
};

template <>
inline constexpr bool weir::copy_safe<point> = true;

template <>
struct fmt::formatter<point> : fmt::formatter<int> {
  auto format(const point& p, fmt::format_context& context) const {
    return fmt::format_to(context.out(), "({}, {})", p.x, p.y);
  }
};

template <>
struct fmt::formatter<secret> : fmt::formatter<std::string_view> {
  auto format(const secret&, fmt::format_context& context) const {
    return fmt::formatter<std::string_view>::format("***", context);
  }
};

TEST_CASE("encode: text of every kind becomes a view", "[log][encode]") {
  using weir::detail::to_loggable;
  const std::string string = "string";
  const char* pointer = "pointer";
  CHECK(to_loggable("literal") == "literal");
  CHECK(to_loggable(string) == "string");
  CHECK(to_loggable(std::string_view("view")) == "view");
  CHECK(to_loggable(pointer) == "pointer");
  CHECK(to_loggable(static_cast<const char*>(nullptr)) == "(null)");
  CHECK(to_loggable(label{"label"}) == "label");
}

TEST_CASE("encode: strings with traits, allocators and code units of their own are text, too", "[log][encode]") {
  using weir::detail::to_loggable;
  const char8_t* pointer = u8"grüße";
  CHECK(to_loggable(std::basic_string<char, other_traits>("traits")) == "traits");
  CHECK(to_loggable(std::basic_string_view<char, other_traits>("traits")) == "traits");
  CHECK(to_loggable(std::pmr::string("pmr")) == "pmr");
  CHECK(to_loggable(u8"grüße") == "grüße");
  CHECK(to_loggable(pointer) == "grüße");
  CHECK(to_loggable(static_cast<const char8_t*>(nullptr)) == "(null)");
  CHECK(to_loggable(std::u8string(u8"水", 3)) == "水");
  CHECK(to_loggable(std::u8string_view(u8"grüße")) == "grüße");
  captured_stream json({}, as_bare_json());
  WEIR_INFO(json.log(), "{:>8}{}", u8"grüße", u8'!', weir::field<"u">(std::u8string(u8"水", 3)));
  CHECK(json.last_line() == R"(   grüße!,"u":"水")");
}

TEST_CASE("encode: what an atomic holds is copied, whatever it is", "[log][encode]") {
  const std::atomic<method> held{method::get};
  static_assert(!std::is_reference_v<decltype(weir::detail::to_loggable(held))>);
  captured_stream json({}, as_bare_json());
  WEIR_INFO(json.log(), "{}", held, weir::field<"method">(held));
  CHECK(json.last_line() == R"(GET,"method":"GET")");
}

TEST_CASE("encode: an enumeration is its number, unless it says otherwise", "[log][encode]") {
  captured_stream json({}, as_bare_json());
  using weir::field;
  WEIR_INFO(json.log(), "{} {} {:#x} {} {}", color::red, first, large::most, flag::on, std::byte{7},
            field<"c">(color::green), field<"u">(first), field<"l">(large::most), field<"b">(flag::off));
  WEIR_INFO(json.log(), "{} {:>4} {}", method::get, method::put, named::one, field<"m">(method::put),
            field<"n">(named::one));
  json.log().info("{} {}", translated::yes, method::get, field<"t">(translated::yes));
  json.log().info("{:03}", numbered::seven, field<"n">(numbered::seven)); // fmt 10 and later have a formatter for it
  CHECK(json.lines() ==
        std::vector<std::string>{R"(-1 97 0xffffffffffffffff 1 7,"c":1,"u":97,"l":18446744073709551615,"b":0)",
                                 R"(GET  PUT one,"m":"PUT","n":"one")", R"(oui GET,"t":"oui")", R"(007,"n":7)"});
  STATIC_REQUIRE(weir::detail::recorded<color, method, named, numbered>::as_they_are);
  STATIC_REQUIRE(!weir::detail::recorded<translated>::as_they_are);
}

TEST_CASE("encode: one description serves all calls that record the same", "[log][encode]") {
  using weir::detail::recorded;
  STATIC_REQUIRE(std::is_same_v<recorded<char[2], short>, recorded<std::string, color>>);
}

TEST_CASE("encode: an array of char ends at its first zero, or where it ends", "[log][encode]") {
  using weir::detail::to_loggable;
  const char unterminated[4] = {'a', 'b', 'c', 'd'};
  char early[8] = "ab";
  CHECK(to_loggable(unterminated) == "abcd");
  CHECK(to_loggable(early) == "ab");
}

TEST_CASE("encode: a codec reads back what it wrote, without alignment", "[log][encode]") {
  using namespace weir::detail;
  std::byte space[64];
  std::byte* at = space + 1;
  at = codec<std::string_view>::write(at, "odd");
  at = codec<double>::write(at, 1.5);
  at = codec<bool>::write(at, true);
  CHECK(codec<std::string_view>::read(space + 1) == "odd");
  CHECK(codec<double>::read(space + 1 + 4 + 3) == 1.5);
  CHECK(codec<bool>::read(at - 1));
  CHECK(at == space + 1 + 4 + 3 + 8 + 1);
}

TEST_CASE("encode: an empty view without an address is an empty string", "[log][encode]") {
  captured_stream test;
  WEIR_INFO(test.log(), "[{}]", std::string_view{});
  test.log().info("[{}]", std::string_view{}, weir::field<"empty">(std::string_view{}));
  CHECK(test.lines() == std::vector<std::string>{"[]", R"([] empty="")"});
}

TEST_CASE("encode: numbers at their limits arrive unchanged", "[log][encode]") {
  captured_stream test;
  const auto check = [&](auto value) {
    WEIR_INFO(test.log(), "{}", value);
    CHECK(test.last_line() == fmt::format("{}", value));
    test.log().info("{}", value);
    CHECK(test.last_line() == fmt::format("{}", value));
  };
  const auto check_limits = [&]<class T>(T) {
    check(std::numeric_limits<T>::lowest());
    check(std::numeric_limits<T>::max());
    check(std::numeric_limits<T>::min());
    check(T{1});
  };
  check_limits(static_cast<signed char>(0));
  check_limits(static_cast<unsigned char>(0));
  check_limits(short{});
  check_limits(static_cast<unsigned short>(0));
  check_limits(int{});
  check_limits(unsigned{});
  check_limits(long{});
  check_limits(0UL);
  check_limits(0LL);
  check_limits(0ULL);
  check_limits(float{});
  check_limits(double{});
  check_limits(0.0L);
  check(-0.0);
  check(std::numeric_limits<double>::infinity());
  check(std::numeric_limits<double>::denorm_min());
  check(true);
  check('x');
}

TEST_CASE("encode: pointers are logged as addresses", "[log][encode]") {
  captured_stream test;
  int object = 0;
  void* pointer = &object;
  WEIR_INFO(test.log(), "{}", pointer);
  CHECK(test.last_line() == fmt::format("{}", pointer));
  test.log().info("{} {}", fmt::ptr(&object), nullptr);
  CHECK(test.last_line() == fmt::format("{} {}", pointer, nullptr));
}

TEST_CASE("encode: strings are copied at the call", "[log][encode]") {
  captured_stream test;
  test.sink().block();
  std::string text(1000, 'a');
  WEIR_INFO(test.log(), "{}", text);
  std::memset(text.data(), 'b', text.size());
  test.sink().unblock();
  CHECK(test.last_line() == std::string(1000, 'a'));
}

TEST_CASE("encode: copy-safe types are formatted late, others at the call", "[log][encode]") {
  using namespace std::chrono_literals;
  captured_stream test;
  WEIR_INFO(test.log(), "{} {}", point{1, 2}, 1500ms);
  CHECK(test.last_line() == "(1, 2) 1500ms");
  const std::chrono::sys_seconds time(1'700'000'000s);
  WEIR_INFO(test.log(), "{:%H:%M}", time);
  CHECK(test.last_line() == "22:13");
}

TEST_CASE("encode: a type's own formatter has the say over its conversion to text", "[log][encode]") {
  captured_stream test;
  const secret password{"password"};
  WEIR_INFO(test.log(), "{}", password, weir::field<"field">(password));
  CHECK(test.last_line() == "*** field=***");
  test.log().info("{}", password);
  CHECK(test.last_line() == "***");
  WEIR_INFO(test.log(), "{}", label{"label"});
  CHECK(test.last_line() == "label");
}
