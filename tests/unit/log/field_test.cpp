#include "weir/log/field.hpp"

#include "captured_stream.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <catch2/catch.hpp>

#include <cmath>
#include <filesystem>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

using weir::field;

namespace {
struct throwing {};
struct user {
  std::string name;
};
/// Copy-safe; its formatter throws when the lower part is zero.
struct ratio {
  int upper, lower;
};
} // namespace

template <>
inline constexpr bool weir::copy_safe<ratio> = true;
template <>
struct fmt::formatter<ratio> : fmt::formatter<int> {
  auto format(const ratio& r, fmt::format_context& context) const {
    if (r.lower == 0) throw std::runtime_error("no ratio");
    return fmt::format_to(context.out(), "{} \"/\" {}", r.upper, r.lower);
  }
};
template <>
struct fmt::formatter<user> : fmt::formatter<int> {
  auto format(const user& u, fmt::format_context& context) const {
    return fmt::format_to(context.out(), "user {}", u.name);
  }
};

template <>
struct fmt::formatter<throwing> : fmt::formatter<int> {
  auto format(throwing, fmt::format_context&) const -> fmt::format_context::iterator {
    throw std::runtime_error("formatter failed");
  }
};

TEST_CASE("field: numbers and bools keep their types", "[log][field]") {
  captured_stream text, json({}, as_bare_json());
  const auto log = [](weir::logger& to) {
    WEIR_INFO(to, "m", field<"i">(-1), field<"u">(std::numeric_limits<std::uint64_t>::max()), field<"d">(0.5),
              field<"b">(true));
  };
  log(text.log());
  log(json.log());
  CHECK(text.last_line() == "m i=-1 u=18446744073709551615 d=0.5 b=true");
  CHECK(json.last_line() == R"(m,"i":-1,"u":18446744073709551615,"d":0.5,"b":true)");
}

TEST_CASE("field: small integers and characters", "[log][field]") {
  captured_stream json({}, as_bare_json());
  WEIR_INFO(json.log(), "m", field<"s">(static_cast<signed char>(-5)), field<"u">(static_cast<unsigned char>(200)),
            field<"c">('"'));
  CHECK(json.last_line() == R"(m,"s":-5,"u":200,"c":"\"")");
}

TEST_CASE("field: what no reference can be bound to is taken, too", "[log][field]") {
  enum class kind : unsigned { first, second };
  struct bits {
    unsigned version : 4;
    bool last : 1;
    kind what : 2;
  };
  struct [[gnu::packed]] packed {
    char tag;
    double value;
  };
  captured_stream test({}, as_bare_json());
  const packed from_wire{'t', 0.5};
  bits header{4, true, kind::second};
  WEIR_INFO(test.log(), "m", field<"v">(header.version), field<"l">(header.last), field<"w">(header.what),
            field<"p">(from_wire.value));
  CHECK(test.last_line() == R"(m,"v":4,"l":true,"w":1,"p":0.5)");
}

TEST_CASE("field: a float is written in its own precision", "[log][field]") {
  captured_stream json({}, as_bare_json());
  WEIR_INFO(json.log(), "m", field<"f">(0.1F), field<"d">(0.1), field<"l">(0.5L));
  CHECK(json.last_line() == R"(m,"f":0.1,"d":0.1,"l":0.5)");
}

TEST_CASE("field: what JSON has no number for becomes a string there", "[log][field]") {
  captured_stream text, json({}, as_bare_json());
  const auto log = [](weir::logger& to) {
    WEIR_INFO(to, "m", field<"n">(std::nan("")), field<"p">(HUGE_VAL), field<"m">(-HUGE_VAL));
  };
  log(text.log());
  log(json.log());
  CHECK(text.last_line() == "m n=NaN p=Infinity m=-Infinity");
  CHECK(json.last_line() == R"(m,"n":"NaN","p":"Infinity","m":"-Infinity")");
}

TEST_CASE("field: a string is quoted in text where it could be misread", "[log][field]") {
  captured_stream text;
  const auto check = [&](std::string_view value, std::string_view expected) {
    text.log().info("m", field<"k">(value));
    CHECK(text.last_line() == "m k=" + std::string(expected));
  };
  check("plain", "plain");
  check("", R"("")");
  check("a b", R"("a b")");
  check("a=b", R"("a=b")");
  check("a\"b", R"("a\"b")");
  check("a\\b", R"("a\\b")");
  check("a\nb", R"("a\nb")");
  check("\xff", R"("\\xff")");
  check("ü", "ü");
  check("ü ü", "\"ü ü\"");
  check("null", R"("null")"); // and not an optional without a value
}

TEST_CASE("field: other types are rendered with their formatter", "[log][field]") {
  captured_stream json({}, as_bare_json());
  json.log().info("m", field<"u">(user{"a \"b\""}), field<"j">(fmt::join(std::vector{1, 2}, "+")));
  CHECK(json.last_line() == R"(m,"u":"user a \"b\"","j":"1+2")");
}

TEST_CASE("field: containers stay typed, whatever formatters there are", "[log][field]") {
  captured_stream json({}, as_bare_json()); // <fmt/ranges.h> is included here
  WEIR_INFO(json.log(), "{::02}", std::vector{1, 2}, field<"v">(std::vector{1, 2}));
  CHECK(json.last_line() == R"([01, 02],"v":[1,2])");
}

TEST_CASE("field: pointers are addresses", "[log][field]") {
  captured_stream text, json({}, as_bare_json());
  int object = 0;
  WEIR_INFO(text.log(), "m", field<"p">(static_cast<void*>(&object)), field<"n">(nullptr));
  WEIR_INFO(json.log(), "m", field<"p">(fmt::ptr(&object)), field<"n">(nullptr));
  CHECK(text.last_line() == fmt::format("m p={} n=0x0", fmt::ptr(&object)));
  CHECK(json.last_line() == fmt::format(R"(m,"p":"{}","n":"0x0")", fmt::ptr(&object)));
}

TEST_CASE("field: a copy-safe type is formatted late", "[log][field]") {
  captured_stream text, json({}, as_bare_json());
  const auto log = [](weir::logger& to) {
    WEIR_INFO(to, "m", field<"r">(ratio{1, 2}), field<"bad">(ratio{1, 0}), field<"n">(1));
    to.info("m", field<"r">(ratio{1, 2}));
  };
  log(text.log());
  log(json.log());
  CHECK(text.lines() == std::vector<std::string>{R"(m r="1 \"/\" 2" bad=[unformattable] n=1)", R"(m r="1 \"/\" 2")"});
  CHECK(json.lines() ==
        std::vector<std::string>{R"(m,"r":"1 \"/\" 2","bad":"[unformattable]","n":1)", R"(m,"r":"1 \"/\" 2")"});
}

TEST_CASE("field: a formatter that throws does not make the log call throw", "[log][field]") {
  captured_stream json({}, as_bare_json());
  json.log().info("m", field<"v">(throwing{}), field<"after">(1));
  CHECK(json.last_line() == R"(m,"v":"[unformattable]","after":1)");
}

TEST_CASE("field: fields stand behind the format's arguments in both forms", "[log][field]") {
  captured_stream text;
  WEIR_INFO(text.log(), "{} {}", 1, "two", field<"a/b.c-d_1">("x"), field<"n">(2));
  text.log().info("{} {}", 1, "two", field<"a/b.c-d_1">("x"), field<"n">(2));
  text.log().info("{}", std::vector<int>{1}, field<"n">(2)); // rendered at the call
  CHECK(text.lines() == std::vector<std::string>{"1 two a/b.c-d_1=x n=2", "1 two a/b.c-d_1=x n=2", "[1] n=2"});
}

TEST_CASE("field: a temporary string lives long enough", "[log][field]") {
  captured_stream text;
  WEIR_INFO(text.log(), "m", field<"k">(fmt::format("{:x>200}end", "")));
  CHECK(text.last_line() == "m k=" + std::string(200, 'x') + "end");
}

TEST_CASE("field: one that is kept holds what was a temporary", "[log][field]") {
  captured_stream text;
  const auto made = [](char c) { return std::string(60, c); };
  const auto user = field<"user">(made('u'));
  const auto path = field<"path">(std::filesystem::path(made('p')));
  const auto count = field<"count">(int{7});
  const std::vector<std::string> overwriting{made('!'), made('?'), made('#')};
  const std::string wanted = fmt::format("m user={} path={} count=7", made('u'), made('p'));
  WEIR_INFO(text.log(), "m", user, path, count);
  CHECK(text.last_line() == wanted);
  text.log().info("m", user, path, count);
  CHECK(text.last_line() == wanted);
  // What has a name is not copied until it is logged.
  std::string name = made('n');
  const auto named = field<"k">(name);
  name[0] = 'N';
  text.log().info("m", named);
  CHECK(text.last_line() == "m k=N" + std::string(59, 'n'));
}

TEST_CASE("field: a constant logger is one to log with", "[log][field]") {
  captured_stream text;
  const auto mine = text.log().with(field<"job">(1));
  mine.info("x");
  WEIR_WARN(mine, "y");
  const weir::logger& plain = text.log();
  plain.log_text(weir::level::info, "z");
  CHECK(text.lines() == std::vector<std::string>{"x job=1", "y job=1", "z"});
}
