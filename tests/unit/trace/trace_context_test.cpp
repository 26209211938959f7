// traceparent: what continues a trace, what starts a new one, and what is written for those called next.
#include "weir/trace/trace_context.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <string>
#include <string_view>
#include <utility>

namespace {

constexpr std::string_view sample = "00-12345678901234567890123456789012-1234567890123456-01";
constexpr weir::trace_id sample_trace{0x1234567890123456, 0x7890123456789012};
constexpr weir::span_id sample_span{0x1234567890123456};

TEST_CASE("traceparent: accepted forms", "[trace][traceparent]") {
  struct row {
    const char* what;
    std::string value;
    unsigned flags;
  };
  const std::string base = "-12345678901234567890123456789012-1234567890123456-";
  const row rows[] = {
      {"version 00", "00" + base + "01", 1},
      {"not sampled", "00" + base + "00", 0},
      {"the random flag is kept", "00" + base + "02", 2},
      {"both flags are kept", "00" + base + "03", 3},
      {"flags without a meaning are cleared", "00" + base + "ff", 3},
      {"leading space", " 00" + base + "01", 1},
      {"leading tab", "\t00" + base + "01", 1},
      {"trailing space", "00" + base + "01 ", 1},
      {"trailing tab", "00" + base + "01\t", 1},
      {"white space on both sides", "\t 00" + base + "01 \t", 1},
      {"a higher version", "cc" + base + "01", 1},
      {"a higher version with more after a dash", "cc" + base + "01-what-the-future-will-be-like", 1},
      {"a higher version that ends in a dash", "01" + base + "01-", 1},
      {"the highest version", "fe" + base + "01", 1},
  };
  for (const row& r : rows) {
    INFO(r.what << ": " << r.value);
    const auto context = weir::parse_traceparent(r.value);
    REQUIRE(context);
    CHECK(context->trace == sample_trace);
    CHECK(context->span == sample_span);
    CHECK_FALSE(context->parent.valid());
    CHECK(context->flags.bits == r.flags);
    CHECK(context->state.empty());
  }
}

TEST_CASE("traceparent: whatever else starts a new trace", "[trace][traceparent]") {
  constexpr std::pair<const char*, std::string_view> rows[] = {
      {"empty", ""},
      {"white space", " \t "},
      {"version ff", "ff-12345678901234567890123456789012-1234567890123456-01"},
      {"version in upper case", "CC-12345678901234567890123456789012-1234567890123456-01"},
      {"version not hexadecimal", ".0-12345678901234567890123456789012-1234567890123456-01"},
      {"version not hexadecimal", "0.-12345678901234567890123456789012-1234567890123456-01"},
      {"version too long", "000-12345678901234567890123456789012-1234567890123456-01"},
      {"version too short", "0-12345678901234567890123456789012-1234567890123456-01"},
      {"trailing data on version 00", "00-12345678901234567890123456789012-1234567890123456-01."},
      {"trailing dash on version 00", "00-12345678901234567890123456789012-1234567890123456-01-"},
      {"trailing field on version 00", "00-12345678901234567890123456789012-1234567890123456-01-more"},
      {"two joined by a comma", "00-12345678901234567890123456789012-1234567890123456-01,00-"
                                "12345678901234567890123456789012-1234567890123456-01"},
      {"higher version without a dash", "cc-12345678901234567890123456789012-1234567890123456-01.more"},
      {"higher version, long flags", "cc-12345678901234567890123456789012-1234567890123456-011"},
      {"trace id of zeros", "00-00000000000000000000000000000000-1234567890123456-01"},
      {"trace id in upper case", "00-1234567890123456789012345678901A-1234567890123456-01"},
      {"trace id not hexadecimal", "00-.2345678901234567890123456789012-1234567890123456-01"},
      {"trace id not hexadecimal", "00-1234567890123456789012345678901.-1234567890123456-01"},
      {"trace id too long", "00-123456789012345678901234567890123-1234567890123456-01"},
      {"trace id too short", "00-1234567890123456789012345678901-1234567890123456-01"},
      {"parent id of zeros", "00-12345678901234567890123456789012-0000000000000000-01"},
      {"parent id in upper case", "00-12345678901234567890123456789012-123456789012345F-01"},
      {"parent id not hexadecimal", "00-12345678901234567890123456789012-.234567890123456-01"},
      {"parent id not hexadecimal", "00-12345678901234567890123456789012-123456789012345.-01"},
      {"parent id too long", "00-12345678901234567890123456789012-12345678901234567-01"},
      {"parent id too short", "00-12345678901234567890123456789012-123456789012345-01"},
      {"flags not hexadecimal", "00-12345678901234567890123456789012-1234567890123456-.0"},
      {"flags not hexadecimal", "00-12345678901234567890123456789012-1234567890123456-0."},
      {"flags in upper case", "00-12345678901234567890123456789012-1234567890123456-0A"},
      {"flags too long", "00-12345678901234567890123456789012-1234567890123456-001"},
      {"flags too short", "00-12345678901234567890123456789012-1234567890123456-1"},
      {"flags missing", "00-12345678901234567890123456789012-1234567890123456-"},
      {"another separator", "00_12345678901234567890123456789012_1234567890123456_01"},
      {"a NUL after it", std::string_view("00-12345678901234567890123456789012-1234567890123456-01\0", 56)},
      {"a line break after it", "00-12345678901234567890123456789012-1234567890123456-01\n"},
  };
  for (const auto& [what, value] : rows) {
    INFO(what << ": " << value);
    CHECK_FALSE(weir::parse_traceparent(value));
  }
}

TEST_CASE("traceparent: what is written is version 00 and reads back", "[trace][traceparent]") {
  std::mt19937_64 random(2);
  for (int i = 0; i < 10'000; ++i) {
    weir::trace_context context;
    context.trace = {random(), random()};
    context.span = {random()};
    context.flags.bits = static_cast<std::uint8_t>(random() & 3);
    REQUIRE(weir::parse_traceparent(weir::to_traceparent(context)) == context);
  }
  weir::trace_context context{sample_trace, sample_span, {}, {0xfd}, {}};
  CHECK(weir::to_traceparent(context).view() == sample);
}

TEST_CASE("traceparent: random bytes are refused or read, never more", "[trace][traceparent]") {
  std::mt19937_64 random(3);
  for (int i = 0; i < 100'000; ++i) {
    std::string value(sample);
    if (i % 2 == 0) {
      value.resize(random() % 80);
      for (char& c : value) c = static_cast<char>(random());
    } else {
      // Near misses reach further into the parser than noise does.
      for (auto changes = random() % 4; changes-- > 0;) value[random() % value.size()] = static_cast<char>(random());
    }
    if (const auto context = weir::parse_traceparent(value)) {
      REQUIRE(context->valid());
      REQUIRE(weir::parse_traceparent(weir::to_traceparent(*context)) == context);
    }
  }
}

TEST_CASE("trace context: a child keeps trace, flags and state and has a span of its own", "[trace]") {
  auto caller = *weir::parse_traceparent(sample);
  REQUIRE(caller.state.set("congo", "t61rcWkgMzE"));
  const auto child = weir::make_child(caller);
  CHECK(child.trace == caller.trace);
  CHECK(child.parent == caller.span);
  CHECK(child.span.valid());
  CHECK_FALSE(child.span == caller.span);
  CHECK(child.flags == caller.flags);
  CHECK(child.state == caller.state);
  CHECK_FALSE(weir::make_child(caller).span == child.span);
}

TEST_CASE("trace context: the random flag of a continued trace is the caller's", "[trace]") {
  const auto unset = *weir::parse_traceparent("00-12345678901234567890123456789012-1234567890123456-01");
  const auto set = *weir::parse_traceparent("00-12345678901234567890123456789012-1234567890123456-02");
  CHECK_FALSE(weir::make_child(unset).flags.random());
  CHECK(weir::make_child(set).flags.random());
  CHECK_FALSE(weir::make_child(set).flags.sampled());
}

TEST_CASE("trace context: a root has new ids, no parent, no state, and says that its id is random", "[trace]") {
  const auto root = weir::make_root();
  CHECK(root.valid());
  CHECK_FALSE(root.parent.valid());
  CHECK(root.state.empty());
  CHECK(root.flags.random());
  CHECK(root.flags.sampled());
  CHECK_FALSE(weir::make_root(false).flags.sampled());
  CHECK(weir::make_root(false).flags.random());
  CHECK_FALSE(weir::make_root().trace == root.trace);
}

TEST_CASE("trace context: the log gets the trace id and the operation's own span id", "[trace]") {
  const weir::trace_context context{{1, 2}, {3}, {4}, {}, {}};
  CHECK(weir::to_correlation(context) == weir::correlation{1, 2, 3});
}

} // namespace
