#include "weir/log/level_rules.hpp"

#include "any_case.hpp"
#include "white_space.hpp"

#include <algorithm>

namespace weir {

namespace {

// As a name of a logger these are hardly meant: "info http=debug", "info;http=debug", "http.*=debug".
constexpr std::string_view unfit_for_a_name = " \t\n\v\f\r;*";

std::optional<level> level_named(std::string_view text) noexcept {
  for (int i = 0; i <= static_cast<int>(level::off); ++i)
    if (const auto each = static_cast<level>(i); detail::equals_in_any_case(text, to_string_view(each))) return each;
  return std::nullopt;
}

std::optional<level_rule> parse_rule(std::string_view part) noexcept {
  const auto equals = part.find('=');
  level_rule rule;
  if (equals != part.npos) {
    rule.logger = detail::trim(part.substr(0, equals));
    part = detail::trim(part.substr(equals + 1));
    if (rule.logger.empty() || rule.logger.find_first_of(unfit_for_a_name) != part.npos) return std::nullopt;
    if (detail::equals_in_any_case(part, "inherit")) return rule;
  }
  rule.threshold = level_named(part);
  if (!rule.threshold) return std::nullopt;
  return rule;
}

} // namespace

parsed_level_rules parse_level_rules(std::string_view text) {
  parsed_level_rules result;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    const std::string_view part = detail::trim(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
    if (part.empty()) continue;
    if (const auto rule = parse_rule(part))
      result.rules.push_back(*rule);
    else
      result.refused.push_back(part);
  }
  return result;
}

} // namespace weir
