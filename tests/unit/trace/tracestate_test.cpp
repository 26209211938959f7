// tracestate: the grammar, how several headers join, the limits, and how members change.
#include "weir/trace/tracestate.hpp"

#include <catch2/catch.hpp>

#include <initializer_list>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

std::optional<weir::tracestate> parse(const std::vector<std::string>& headers) {
  const std::vector<std::string_view> views(headers.begin(), headers.end());
  return weir::parse_tracestate(views);
}

// Spelled so because GCC 12 warns of overflows that are not there in chains of operator+.
std::string joined(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) text.append(part);
  return text;
}

std::string members(int first, int last) {
  std::string text;
  for (int i = first; i <= last; ++i) {
    if (i != first) text += ',';
    text += "bar" + std::to_string(i) + "=" + std::to_string(i);
  }
  return text;
}

const std::string all_key_chars = "abcdefghijklmnopqrstuvwxyz0123456789_-*/@";
std::string all_value_chars() {
  std::string chars;
  for (char c = ' '; c <= '~'; ++c)
    if (c != ',' && c != '=') chars += c;
  return chars;
}

TEST_CASE("tracestate: accepted lists and their normal form", "[trace][tracestate]") {
  struct row {
    const char* what;
    std::vector<std::string> headers;
    std::string text;
  };
  const std::string long_key(256, 'z');
  const std::string long_value(256, 'v');
  const row rows[] = {
      {"no header", {}, ""},
      {"an empty header", {""}, ""},
      {"only white space and commas", {" , \t,,", ","}, ""},
      {"one member", {"foo=1"}, "foo=1"},
      {"order is kept", {"foo=1,bar=2"}, "foo=1,bar=2"},
      {"several headers join in order",
       {"foo=1,bar=2", "rojo=1,congo=2", "baz=3"},
       "foo=1,bar=2,rojo=1,congo=2,baz=3"},
      {"an empty header after", {"foo=1", ""}, "foo=1"},
      {"an empty header before", {"", "foo=1"}, "foo=1"},
      {"empty members", {",foo=1,,bar=2, ,"}, "foo=1,bar=2"},
      {"white space around members", {"foo=1 \t , \t bar=2, \t baz=3"}, "foo=1,bar=2,baz=3"},
      {"white space around the list", {"\t foo=1 \t"}, "foo=1"},
      {"tabs around members", {"foo=1\t \t,\t \tbar=2"}, "foo=1,bar=2"},
      {"spaces in front of a value belong to it", {"foo=  1 2 "}, "foo=  1 2"},
      {"all characters of a key", {joined({all_key_chars, "=1"})}, joined({all_key_chars, "=1"})},
      {"all characters of a value", {joined({"foo=", all_value_chars()})}, joined({"foo=", all_value_chars()})},
      {"a key may start with a digit", {"0foo=1"}, "0foo=1"},
      {"tenants",
       {"fw529a3039@dt=FfD2,foo@=1,foo@@bar=1,foo@bar@baz=2"},
       "fw529a3039@dt=FfD2,foo@=1,foo@@bar=1,foo@bar@baz=2"},
      {"a key of 256", {joined({long_key, "=1"})}, joined({long_key, "=1"})},
      {"a value of 256", {joined({"foo=", long_value})}, joined({"foo=", long_value})},
      {"32 members over headers", {members(1, 10), members(11, 32)}, members(1, 32)},
      {"32 members and empty ones", {joined({members(1, 32), ",,,"})}, members(1, 32)},
      {"of a key given twice the first", {"foo=1,bar=2,foo=3", "bar=4"}, "foo=1,bar=2"},
  };
  for (const row& r : rows) {
    INFO(r.what);
    const auto state = parse(r.headers);
    REQUIRE(state);
    CHECK(state->text() == r.text);
    CHECK(state->empty() == r.text.empty());
    CHECK(weir::parse_tracestate(state->text()) == state);
  }
}

TEST_CASE("tracestate: one bad member drops the whole list", "[trace][tracestate]") {
  struct row {
    const char* what;
    std::string value;
  };
  const row rows[] = {
      {"no equals sign", "foo"},
      {"no key", "=1"},
      {"no value", "foo="},
      {"no value but spaces", "foo=  "},
      {"space before the equals sign", "foo =1"},
      {"upper case in a key", "FOO=1"},
      {"upper case inside a key", "fOo=1"},
      {"dot in a key", "foo.bar=1"},
      {"key starts with an underscore", "_foo=1"},
      {"key starts with a dash", "-foo=1"},
      {"key starts with an asterisk", "*foo=1"},
      {"key starts with a slash", "/foo=1"},
      {"key starts with an at sign", "@foo=1"},
      {"tab in a key", "fo\to=1"},
      {"key of 257", joined({std::string(257, 'z'), "=1"})},
      {"value of 257", joined({"foo=", std::string(257, 'v')})},
      {"equals sign in a value", "foo=bar=baz"},
      {"tab in a value", "foo=a\tb"},
      {"line break in a value", "foo=a\nb"},
      {"NUL in a value", std::string("foo=a\0b", 7)},
      {"DEL in a value", "foo=a\x7f"},
      {"a byte above ASCII in a value", "foo=\xc3\xa4"},
      {"a byte above ASCII in a key", "f\xc3\xa4=1"},
      {"33 members", members(1, 33)},
      {"33 members of one key",
       [] {
         std::string text = "foo=0";
         for (int i = 1; i < 33; ++i) text += ",foo=" + std::to_string(i);
         return text;
       }()},
  };
  for (const row& r : rows) {
    INFO(r.what << ": " << r.value);
    CHECK_FALSE(weir::parse_tracestate(r.value));
    CHECK_FALSE(parse({"ok=1", r.value}));
    CHECK_FALSE(parse({joined({r.value, ",ok=1"})}));
  }
}

TEST_CASE("tracestate: a changed member moves to the front", "[trace][tracestate]") {
  auto state = *weir::parse_tracestate("rojo=1,congo=2,third=3");
  REQUIRE(state.set("congo", "4"));
  CHECK(state.text() == "congo=4,rojo=1,third=3");
  REQUIRE(state.set("new", "5"));
  CHECK(state.text() == "new=5,congo=4,rojo=1,third=3");
  CHECK(state.size() == 4);
  CHECK(state.get("rojo") == "1");
  CHECK_FALSE(state.get("roj"));
  CHECK_FALSE(state.get(""));
  // A value that is a view of the list itself.
  REQUIRE(state.set("new", *state.get("third")));
  CHECK(state.text() == "new=3,congo=4,rojo=1,third=3");
}

TEST_CASE("tracestate: a 33rd member pushes the right-most out, a change of one pushes none", "[trace][tracestate]") {
  auto state = *weir::parse_tracestate(members(1, 32));
  REQUIRE(state.set("bar7", "x"));
  CHECK(state.size() == 32);
  CHECK(state.get("bar32") == "32");
  REQUIRE(state.set("new", "x"));
  CHECK(state.size() == 32);
  CHECK_FALSE(state.get("bar32"));
  CHECK(state.get("bar31") == "31");
}

TEST_CASE("tracestate: setting what breaks the grammar changes nothing", "[trace][tracestate]") {
  auto state = *weir::parse_tracestate("foo=1");
  CHECK_FALSE(state.set("", "1"));
  CHECK_FALSE(state.set("Foo", "1"));
  CHECK_FALSE(state.set("foo", ""));
  CHECK_FALSE(state.set("foo", "ends in a space "));
  CHECK_FALSE(state.set("foo", "a,b"));
  CHECK_FALSE(state.set("foo", "a=b"));
  CHECK_FALSE(state.set(std::string(257, 'a'), "1"));
  CHECK_FALSE(state.set("foo", std::string(257, 'a')));
  CHECK(state.text() == "foo=1");
}

TEST_CASE("tracestate: erasing takes one comma with the member", "[trace][tracestate]") {
  auto state = *weir::parse_tracestate("a=1,b=2,c=3");
  CHECK_FALSE(state.erase("d"));
  CHECK(state.erase("b"));
  CHECK(state.text() == "a=1,c=3");
  CHECK(state.erase("c"));
  CHECK(state.text() == "a=1");
  CHECK(state.erase("a"));
  CHECK(state.empty());
  CHECK(state.size() == 0);
  CHECK_FALSE(state.erase("a"));
}

TEST_CASE("tracestate: random bytes are refused or normalised, never more", "[trace][tracestate]") {
  constexpr std::string_view likely = "ab0_@=, \t=,Z\x80";
  std::mt19937_64 random(4);
  int accepted = 0;
  for (int i = 0; i < 100'000; ++i) {
    std::string value(random() % 40, '\0');
    for (char& c : value) c = i % 4 == 0 ? static_cast<char>(random()) : likely[random() % (likely.size() - i % 4)];
    const auto state = weir::parse_tracestate(value);
    if (!state) continue;
    ++accepted;
    REQUIRE(state->size() <= weir::tracestate::max_members);
    REQUIRE(weir::parse_tracestate(state->text()) == state);
  }
  // Otherwise the loop would not have tried what it is about.
  CHECK(accepted > 1'000);
}

} // namespace
