#include "weir/log/level_rules.hpp"

#include <catch2/catch.hpp>

#include <optional>
#include <string_view>
#include <vector>

using weir::level;
using weir::level_rule;
using weir::parse_level_rules;
using rules = std::vector<level_rule>;
using parts = std::vector<std::string_view>;

TEST_CASE("level rules: a level is the stream's, a name with a level a logger's", "[log][level]") {
  const auto parsed = parse_level_rules("info,http=debug,http.client=off");
  CHECK(parsed);
  CHECK(parsed.rules == rules{{"", level::info}, {"http", level::debug}, {"http.client", level::off}});
}

TEST_CASE("level rules: a logger may be told to inherit", "[log][level]") {
  CHECK(parse_level_rules("http=inherit").rules == rules{{"http", std::nullopt}});
}

TEST_CASE("level rules: spaces, empty parts and the case of levels do not count", "[log][level]") {
  const auto parsed = parse_level_rules(" , WARN ,\thttp = Debug,, a-b=TRACE\t,");
  CHECK(parsed);
  CHECK(parsed.rules == rules{{"", level::warn}, {"http", level::debug}, {"a-b", level::trace}});
}

TEST_CASE("level rules: an empty text has none", "[log][level]") {
  CHECK(parse_level_rules(""));
  CHECK(parse_level_rules(" ").rules.empty());
  CHECK(parse_level_rules(",,").rules.empty());
}

TEST_CASE("level rules: what is not a rule is named, and the others are taken", "[log][level]") {
  const auto parsed = parse_level_rules("inof,http=debug,=warn,http.client=,db=loud,a=b=info,inherit,error");
  CHECK_FALSE(parsed);
  CHECK(parsed.rules == rules{{"http", level::debug}, {"", level::error}});
  CHECK(parsed.refused == parts{"inof", "=warn", "http.client=", "db=loud", "a=b=info", "inherit"});
}

TEST_CASE("level rules: other signs between them, and patterns, are no loggers' names", "[log][level]") {
  const auto parsed =
      parse_level_rules("info http=debug,info;http=debug,http.*=debug,*=debug,a\nb=info,a\tb=info,c=warn");
  CHECK(parsed.rules == rules{{"c", level::warn}});
  CHECK(parsed.refused ==
        parts{"info http=debug", "info;http=debug", "http.*=debug", "*=debug", "a\nb=info", "a\tb=info"});
}

TEST_CASE("level rules: a level's name is neither begun nor continued", "[log][level]") {
  CHECK(parse_level_rules("inf,infos,info info,in\0fo").refused.size() == 4);
}
