// Any bytes as level rules are rules or refused part by part, and what is written from the rules reads the same.
#include "weir/log/level_rules.hpp"

#include "input.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text = input(data, size).rest();
  const weir::parsed_level_rules parsed = weir::parse_level_rules(text);
  const auto parts = static_cast<std::size_t>(std::ranges::count(text, ',')) + 1;
  must(parsed.rules.size() + parsed.refused.size() <= parts);
  must(static_cast<bool>(parsed) == parsed.refused.empty());
  std::string written;
  for (const weir::level_rule& each : parsed.rules) {
    must(each.logger.find_first_of(",= \t\n\v\f\r;*") == each.logger.npos);
    must(each.threshold || !each.logger.empty());
    if (!each.logger.empty()) written.append(each.logger).append("=");
    written.append(each.threshold ? weir::to_string_view(*each.threshold) : "inherit").append(",");
  }
  const weir::parsed_level_rules again = weir::parse_level_rules(written);
  must(again && again.rules == parsed.rules);
  for (const std::string_view each : parsed.refused) {
    must(!each.empty() && each.find(',') == each.npos && text.find(each) != text.npos);
    const weir::parsed_level_rules alone = weir::parse_level_rules(each);
    must(alone.rules.empty() && alone.refused.size() == 1 && alone.refused.front() == each);
  }
  return 0;
}
