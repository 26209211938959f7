// baggage: the grammar, percent-encoding, how several headers join, the limits, and how members change.
#include "weir/trace/baggage.hpp"

#include "weir/context.hpp"

#include <catch2/catch.hpp>

#include <initializer_list>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

weir::parsed_baggage parse(const std::vector<std::string>& headers) {
  const std::vector<std::string_view> views(headers.begin(), headers.end());
  return weir::parse_baggage(views);
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
    const std::string number = std::to_string(i);
    text.append("k").append(number).append("=").append(number);
  }
  return text;
}

TEST_CASE("baggage: accepted lists and their normal form", "[trace][baggage]") {
  struct row {
    const char* what;
    std::vector<std::string> headers;
    std::string text;
  };
  const row rows[] = {
      {"no header", {}, ""},
      {"an empty header", {""}, ""},
      {"only white space and commas", {" , \t,,", ","}, ""},
      {"one member", {"userId=alice"}, "userId=alice"},
      {"order is kept", {"b=1,a=2"}, "b=1,a=2"},
      {"several headers join in order",
       {"userId=alice", "serverNode=DF%2028,isProduction=false"},
       "userId=alice,serverNode=DF%2028,isProduction=false"},
      {"white space wherever it may be",
       {"SomeKey \t = \t SomeValue \t ; \t SomeProp \t , \t SomeKey2 \t = \t SomeValue2 \t ; \t P \t = \t V \t "},
       "SomeKey=SomeValue;SomeProp,SomeKey2=SomeValue2;P=V"},
      {"the specification's example",
       {"key1=value1;property1;property2, key2 = value2, key3=value3; propertyKey=propertyValue"},
       "key1=value1;property1;property2,key2=value2,key3=value3;propertyKey=propertyValue"},
      {"an empty value", {"a="}, "a="},
      {"an empty property value", {"a=1;p="}, "a=1;p="},
      {"equals signs in values", {"a=b=c==;p=q=r"}, "a=b=c==;p=q=r"},
      {"a property twice", {"a=1;p;p;p=1"}, "a=1;p;p;p=1"},
      {"empty members", {",a=1,,b=2, ,"}, "a=1,b=2"},
      {"percent-encoding is handed on as it came", {"a=%e4%2c%41%zz"}, "a=%e4%2c%41%zz"},
      {"all characters of a token",
       {"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ=1"},
       "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ=1"},
      {"all characters of a value",
       {"a=!#$%&'()*+-./0123456789:<=>?@ABCXYZ[]^_`abcxyz{|}~"},
       "a=!#$%&'()*+-./0123456789:<=>?@ABCXYZ[]^_`abcxyz{|}~"},
      {"keys are case-sensitive", {"a=1,A=2"}, "a=1,A=2"},
      {"of a key given twice the last, in the first's place", {"a=1;p,b=2", "a=3,c=4"}, "a=3,b=2,c=4"},
  };
  for (const row& r : rows) {
    INFO(r.what);
    const auto parsed = parse(r.headers);
    CHECK(parsed.kept.to_header() == r.text);
    CHECK(parsed.kept.empty() == r.text.empty());
    CHECK(parsed.kept.size() == parsed.kept.members().size());
    CHECK(parsed.malformed == 0);
    CHECK(parsed.over_limit == 0);
    CHECK(weir::parse_baggage(parsed.kept.to_header()).kept == parsed.kept);
  }
}

TEST_CASE("baggage: a bad member is skipped and the others kept", "[trace][baggage]") {
  const std::string rows[] = {
      "a",
      "=1",
      " =1",
      ";p",
      "a;p=1",
      "a b=1",
      "a\"=1",
      "a(=1",
      "a/b=1",
      "a@b=1",
      "f\xc3\xa4=1",
      "a=b c",
      "a=\"b\"",
      "a=b\\c",
      "a=\xc3\xa4",
      "a=b\x7f",
      "a=b\nc",
      "a=b\rc",
      std::string("a=b\0c", 5),
      "a=1;",
      "a=1;;p",
      "a=1;=2",
      "a=1;p q",
      "a=1;p=q r",
      "a=1;p=\"q\"",
  };
  for (const std::string& bad : rows) {
    INFO(bad);
    CHECK(weir::parse_baggage(bad).kept.empty());
    std::string between = "x=1,";
    between.append(bad).append(",y=2");
    const auto parsed = weir::parse_baggage(between);
    CHECK(parsed.kept.to_header() == "x=1,y=2");
    CHECK(parsed.malformed == 1);
    CHECK(parsed.over_limit == 0);
  }
}

TEST_CASE("baggage: values are decoded", "[trace][baggage]") {
  struct row {
    const char* encoded;
    std::string value;
  };
  const row rows[] = {
      {"DF%2028", "DF 28"},
      {"%09%20%22%27%3B%3Dasdf%21%40%23%24%25%5E%26%2A%28%29", "\t \"';=asdf!@#$%^&*()"},
      {"%c3%A4", "\xc3\xa4"},
      {"%00", std::string(1, '\0')},
      {"%2541", "%41"}, // once, not twice
      {"a+b", "a+b"},   // a plus sign is no space
      {"%", "%"},
      {"%4", "%4"},
      {"%zz%4g%g4", "%zz%4g%g4"},
      {"%%41", "%A"},
      {"%e4", "\xef\xbf\xbd"},
      {"a%ffb", "a\xef\xbf\xbd"
                "b"},
      {"%e2%82x", "\xef\xbf\xbdx"},                          // cut short
      {"%c0%80", "\xef\xbf\xbd\xef\xbf\xbd"},                // overlong
      {"%ed%a0%80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, // a surrogate
      {"", ""},
  };
  for (const row& r : rows) {
    INFO(r.encoded);
    const auto list = weir::parse_baggage(joined({"a=", r.encoded})).kept;
    CHECK(list.get("a") == r.value);
    CHECK(list.find("a")->encoded_value == r.encoded);
  }
}

TEST_CASE("baggage: 64 members are kept, those after them dropped whole and counted", "[trace][baggage]") {
  CHECK(weir::parse_baggage(members(1, 64)).kept.size() == 64);
  const auto parsed = parse({members(1, 40), members(41, 66), "k3=new"});
  CHECK(parsed.over_limit == 2);
  CHECK(parsed.malformed == 0);
  CHECK(parsed.kept.size() == 64);
  CHECK_FALSE(parsed.kept.find("k65"));
  CHECK(parsed.kept.get("k3") == "new"); // a key that is there already needs no place
}

TEST_CASE("baggage: 8192 bytes are kept, a member beyond them is dropped whole and counted", "[trace][baggage]") {
  const std::string full = joined({"a=", std::string(8190, 'x')});
  CHECK(weir::parse_baggage(full).kept.to_header() == full);
  CHECK(weir::parse_baggage(full).over_limit == 0);
  const auto longer = weir::parse_baggage(joined({full, "x,b=2"}));
  CHECK(longer.kept.to_header() == "b=2");
  CHECK(longer.over_limit == 1);
  // Commas count.
  const std::string nearly = joined({"a=", std::string(8186, 'x')});
  CHECK(parse({nearly, "b=2"}).kept.to_header().size() == 8192);
  CHECK(parse({nearly, "bb=2"}).kept.to_header() == nearly);
  // White space that is dropped does not.
  CHECK(parse({nearly, joined({std::string(5000, ' '), "b = 2"})}).kept.size() == 2);
  // A later value that does not fit leaves the earlier.
  const auto twice = parse({"a=1", "b=2", full});
  CHECK(twice.kept.to_header() == "a=1,b=2");
  CHECK(twice.over_limit == 1);
  CHECK(parse({"a=1", full}).kept.to_header() == full);
}

TEST_CASE("baggage: members with their properties", "[trace][baggage]") {
  const auto list = weir::parse_baggage("a=1; p ;q = 2,b=3").kept;
  const auto all = list.members();
  REQUIRE(all.size() == 2);
  CHECK(all[0].key == "a");
  CHECK(all[0].value() == "1");
  CHECK(all[0].properties == "p;q=2");
  CHECK(all[1].key == "b");
  CHECK(all[1].properties.empty());
  CHECK_FALSE(list.find("c"));
  CHECK_FALSE(list.find(""));
  CHECK_FALSE(list.get("p"));
}

TEST_CASE("baggage: setting replaces in place or appends, and encodes", "[trace][baggage]") {
  weir::baggage list;
  REQUIRE(list.set("user", "J\xc3\xbcrgen, 50%"));
  CHECK(list.to_header() == "user=J%C3%BCrgen%2C%2050%25");
  CHECK(list.get("user") == "J\xc3\xbcrgen, 50%");
  REQUIRE(list.set("a", "1", " p ; q = 2"));
  CHECK(list.to_header() == "user=J%C3%BCrgen%2C%2050%25,a=1;p;q=2");
  REQUIRE(list.set("user", "x"));
  CHECK(list.to_header() == "user=x,a=1;p;q=2");
  REQUIRE(list.set("a", ""));
  CHECK(list.to_header() == "user=x,a=");
  // Arguments that are views of the list itself.
  REQUIRE(list.set("a", list.find("user")->encoded_value));
  REQUIRE(list.set(list.find("user")->key, "a value that is longer than the text before was"));
  CHECK(list.get("user") == "a value that is longer than the text before was");
  CHECK(list.get("a") == "x");
}

TEST_CASE("baggage: whatever bytes are set, what is sent is a valid header", "[trace][baggage]") {
  weir::baggage list;
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  REQUIRE(list.set("a", all));
  for (const char c : list.to_header()) CHECK((c > ' ' && c < 0x7f && c != '"' && c != ',' && c != ';' && c != '\\'));
  CHECK(weir::parse_baggage(list.to_header()).kept == list);
  CHECK(list.get("a")->substr(0, 128) == all.substr(0, 128));
}

TEST_CASE("baggage: setting what breaks the grammar or the limits changes nothing", "[trace][baggage]") {
  auto list = weir::parse_baggage("a=1").kept;
  CHECK_FALSE(list.set("", "1"));
  CHECK_FALSE(list.set("a b", "1"));
  CHECK_FALSE(list.set(" a", "1"));
  CHECK_FALSE(list.set("a,b", "1"));
  CHECK_FALSE(list.set("a", "1", "p,q=1"));
  CHECK_FALSE(list.set("a", "1", ";"));
  CHECK_FALSE(list.set("a", "1", "p=\r\n"));
  CHECK_FALSE(list.set("a", std::string(8191, 'x')));
  CHECK_FALSE(list.set("b", std::string(8187, 'x')));
  CHECK_FALSE(list.set("b", std::string(3000, ' '))); // encoded it is three times as long
  CHECK(list.to_header() == "a=1");
  CHECK(list.set("b", std::string(8186, 'x')));
  CHECK(list.to_header().size() == 8192);
  auto full = weir::parse_baggage(members(1, 64)).kept;
  CHECK_FALSE(full.set("new", "1"));
  CHECK(full.set("k64", "new"));
  CHECK(full.size() == 64);
}

TEST_CASE("baggage: erasing takes one comma with the member", "[trace][baggage]") {
  auto list = weir::parse_baggage("a=1,b=2;p,c=3").kept;
  CHECK_FALSE(list.erase("d"));
  CHECK_FALSE(list.erase("p"));
  CHECK(list.erase("b"));
  CHECK(list.to_header() == "a=1,c=3");
  CHECK(list.erase("c"));
  CHECK(list.erase("a"));
  CHECK(list.empty());
  CHECK(list.size() == 0);
  CHECK_FALSE(list.erase("a"));
  CHECK(list == weir::baggage());
}

TEST_CASE("baggage: follows a request in its context", "[trace][baggage]") {
  const auto request = weir::with_value<weir::baggage_key>(weir::background(), weir::parse_baggage("a=1").kept);
  const auto work = weir::with_cancel(request);
  const weir::context& ctx = work.ctx;
  REQUIRE(ctx.value<weir::baggage_key>() != nullptr);
  CHECK(ctx.value<weir::baggage_key>()->get("a") == "1");
  CHECK(weir::background().value<weir::baggage_key>() == nullptr);
}

TEST_CASE("baggage: random bytes are skipped or normalised, never more", "[trace][baggage]") {
  constexpr std::string_view likely = "ab0%4=;, \t\"=,Z\x80";
  std::mt19937_64 random(8);
  std::size_t kept = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string value(random() % 60, '\0');
    for (char& c : value)
      c = i % 4 == 0 ? static_cast<char>(random())
                     : likely[random() % (likely.size() - static_cast<std::size_t>(i % 4))];
    const auto parsed = weir::parse_baggage(value);
    kept += parsed.kept.size();
    const auto again = weir::parse_baggage(parsed.kept.to_header());
    REQUIRE(again.kept == parsed.kept);
    REQUIRE(again.malformed == 0);
    weir::baggage rebuilt;
    for (const auto& member : parsed.kept.members())
      REQUIRE(rebuilt.set(member.key, member.value(), member.properties));
    REQUIRE(rebuilt.size() == parsed.kept.size());
  }
  // Otherwise the loop would not have tried what it is about.
  CHECK(kept > 1'000);
}

} // namespace
