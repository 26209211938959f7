// Conditional requests: RFC 9110, sections 8.8.3 and 13.
#include "weir/http/preconditions.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <optional>
#include <string_view>

namespace {

using namespace std::chrono;
using weir::precondition;

constexpr sys_seconds changed = sys_seconds(sys_days(year(1994) / 11 / 6)) + 8h + 49min + 37s;
constexpr weir::validators strong{.tag = {"a"}, .modified = changed, .now = changed + 1h};
constexpr weir::validators weak{.tag = {"a", true}, .modified = changed, .now = changed + 1s};

constexpr const char* before = "Sun, 06 Nov 1994 08:49:36 GMT";
constexpr const char* same = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr const char* after = "Sun, 06 Nov 1994 08:49:38 GMT";

} // namespace

TEST_CASE("entity tag: what is one, and what is not (RFC 9110 8.8.3)", "[http][preconditions]") {
  REQUIRE(weir::parse_entity_tag("\"xyzzy\""));
  CHECK(weir::parse_entity_tag("\"xyzzy\"")->opaque == "xyzzy");
  CHECK_FALSE(weir::parse_entity_tag("\"xyzzy\"")->weak);
  CHECK(weir::parse_entity_tag("W/\"xyzzy\"")->weak);
  CHECK(weir::parse_entity_tag("\"\"")->opaque.empty());
  CHECK(weir::parse_entity_tag("\"!#,\\\xff\"")->opaque == "!#,\\\xff");
  for (const char* text : {"", "xyzzy", "\"", "\"xyzzy", "xyzzy\"", "w/\"xyzzy\"", "W/xyzzy", "W/ \"xyzzy\"", "*",
                           "\"a b\"", "\"a\"b\"", "\"a\"\"b\"", "\"\x7f\"", "\"a\" ", " \"a\"", "\"a\", \"b\""}) {
    INFO(text);
    CHECK_FALSE(weir::parse_entity_tag(text));
  }
}

TEST_CASE("entity tag: the table of comparisons (RFC 9110 8.8.3.2)", "[http][preconditions]") {
  struct row {
    weir::entity_tag a, b;
    bool strongly, weakly;
  };
  const row rows[] = {
      {{"1", true}, {"1", true}, false, true},
      {{"1", true}, {"2", true}, false, false},
      {{"1", true}, {"1"}, false, true},
      {{"1"}, {"1"}, true, true},
  };
  for (const row& each : rows) {
    CHECK(weir::strong_match(each.a, each.b) == each.strongly);
    CHECK(weir::weak_match(each.a, each.b) == each.weakly);
  }
}

TEST_CASE("entity tag: lists (RFC 9110 5.6.1, 13.1.1 and 13.1.2)", "[http][preconditions]") {
  struct row {
    const char* list;
    bool named;
  };
  const row rows[] = {
      {"*", true},
      {" * ", true},
      {"\"a\"", true},
      {"\"b\"", false},
      {"\"b\", \"a\"", true},
      {"\"b\",\"a\"", true},
      {"\"b\"\t, \t\"a\"", true},
      {",, \"b\" ,, \"a\",", true},
      {"W/\"a\"", true},
      {"\"x,\", \"a\"", true}, // a comma within a tag
      {"", false},
      {",", false},
      {"a", false},
      {"\"A\"", false},
      {"*, \"a\"", false},
      {"\"b\" \"a\"", false},
      {"b, \"a\"", false},
      {"\"a", false},
  };
  for (const row& each : rows) {
    INFO(each.list);
    CHECK(weir::names_tag(each.list, {"a"}, weir::weak_match) == each.named);
  }
  CHECK_FALSE(weir::names_tag("W/\"a\"", {"a"}, weir::strong_match));
}

TEST_CASE("preconditions: evaluated in the standard's order (RFC 9110 13.2.2)", "[http][preconditions]") {
  struct row {
    const char* what;
    weir::conditions given;
    precondition read, written; // for GET, and for a method that changes something
  };
  using enum precondition;
  const row rows[] = {
      {"no condition", {}, met, met},
      {"1: If-Match true", {.if_match = "\"a\""}, met, met},
      {"1: If-Match of any", {.if_match = "*"}, met, met},
      {"1: If-Match false", {.if_match = "\"b\""}, failed, failed},
      {"1: If-Match of nothing that is a tag", {.if_match = "a"}, failed, failed},
      {"1: If-Match compares strongly", {.if_match = "W/\"a\""}, failed, failed},
      {"1: If-Match true, so not step 2", {.if_match = "\"a\"", .if_unmodified_since = before}, met, met},
      {"2: If-Unmodified-Since true", {.if_unmodified_since = same}, met, met},
      {"2: later is true, too", {.if_unmodified_since = after}, met, met},
      {"2: If-Unmodified-Since false", {.if_unmodified_since = before}, failed, failed},
      {"2: a time that is none is ignored", {.if_unmodified_since = "yesterday"}, met, met},
      {"2: several times are none",
       {.if_unmodified_since = "Sun, 06 Nov 1994 08:49:36 GMT, Sun, 06 Nov 1994 08:49:36 GMT"},
       met,
       met},
      {"3: If-None-Match true", {.if_none_match = "\"b\""}, met, met},
      {"3: If-None-Match false", {.if_none_match = "\"a\""}, not_modified, failed},
      {"3: If-None-Match compares weakly", {.if_none_match = "W/\"a\""}, not_modified, failed},
      {"3: If-None-Match of any", {.if_none_match = "*"}, not_modified, failed},
      {"3: If-None-Match of nothing that is a tag", {.if_none_match = "a"}, met, met},
      {"3: after 1 was true", {.if_match = "\"a\"", .if_none_match = "\"a\""}, not_modified, failed},
      {"3: not after 1 was false", {.if_match = "\"b\"", .if_none_match = "\"a\""}, failed, failed},
      {"3: not after 2 was false", {.if_unmodified_since = before, .if_none_match = "\"a\""}, failed, failed},
      {"3: true, so not step 4", {.if_none_match = "\"b\"", .if_modified_since = after}, met, met},
      {"4: If-Modified-Since true", {.if_modified_since = before}, met, met},
      {"4: If-Modified-Since false, for GET and HEAD only", {.if_modified_since = same}, not_modified, met},
      {"4: later is false, too", {.if_modified_since = after}, not_modified, met},
      {"4: a time that is none is ignored", {.if_modified_since = "0"}, met, met},
      {"4: after 2 was true", {.if_unmodified_since = same, .if_modified_since = same}, not_modified, met},
      {"4: the obsolete forms", {.if_modified_since = "Sun Nov  6 08:49:37 1994"}, not_modified, met},
  };
  for (const row& each : rows) {
    INFO(each.what);
    CHECK(weir::evaluate(each.given, strong, true) == each.read);
    CHECK(weir::evaluate(each.given, strong, false) == each.written);
  }
  CHECK(weir::evaluate({.if_match = "W/\"a\""}, weak, true) == failed);
  CHECK(weir::evaluate({.if_none_match = "\"a\""}, weak, true) == not_modified);
}

TEST_CASE("preconditions: If-Range wants a strong tag or the exact time (RFC 9110 13.1.5)", "[http][preconditions]") {
  struct row {
    const char* value;
    bool holds;
  };
  const row rows[] = {
      {"\"a\"", true}, {"\"b\"", false}, {"W/\"a\"", false}, {"\"a\", \"a\"", false},
      {same, true},    {before, false},  {after, false},     {"Sunday, 06-Nov-94 08:49:37 GMT", true},
      {"*", false},    {"", false},      {"a", false},
  };
  for (const row& each : rows) {
    INFO(each.value);
    CHECK(weir::range_condition_holds(each.value, strong) == each.holds);
    CHECK_FALSE(weir::range_condition_holds(each.value, weak)); // another change may hide behind that time
  }
}
