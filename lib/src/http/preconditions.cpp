#include "weir/http/preconditions.hpp"

#include "weir/http/http_date.hpp"

namespace weir {

precondition evaluate(const conditions& given, const validators& current, bool reads) noexcept {
  if (given.if_match) {
    if (!names_tag(*given.if_match, current.tag, strong_match)) return precondition::failed;
  } else if (given.if_unmodified_since) {
    const auto time = parse_http_date(*given.if_unmodified_since, current.now);
    if (time && current.modified > *time) return precondition::failed;
  }
  if (given.if_none_match) {
    if (names_tag(*given.if_none_match, current.tag, weak_match))
      return reads ? precondition::not_modified : precondition::failed;
  } else if (given.if_modified_since && reads) {
    const auto time = parse_http_date(*given.if_modified_since, current.now);
    if (time && current.modified <= *time) return precondition::not_modified;
  }
  return precondition::met;
}

bool range_condition_holds(std::string_view if_range, const validators& current) noexcept {
  if (const auto tag = parse_entity_tag(if_range)) return strong_match(*tag, current.tag);
  const auto time = parse_http_date(if_range, current.now);
  return time == current.modified && current.now - current.modified >= settling_time;
}

} // namespace weir
