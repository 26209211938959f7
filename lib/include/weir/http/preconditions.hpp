// Conditional requests: whether what a client has, or expects, is still what there is.
#pragma once

#include "weir/http/entity_tag.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace weir {

/// What tells one state of a resource from another.
struct validators {
  entity_tag tag{};
  std::chrono::sys_seconds modified{}; ///< as sent in Last-Modified
  std::chrono::sys_seconds now{};      ///< as sent in Date
};

/// For so long after a change, another one might leave the same time stamp: some file systems count in two seconds.
/// Until then a tag that is made of the time is weak, and the time itself is.
inline constexpr std::chrono::seconds settling_time{2};

/// The request's conditions, as received; nullopt for a header that is not there. Several lines of one are joined by
/// commas.
struct conditions {
  std::optional<std::string_view> if_match{}, if_unmodified_since{}, if_none_match{}, if_modified_since{};
};

/// What the conditions ask for.
enum class precondition : std::uint8_t {
  met,          ///< the response that there would be without conditions
  not_modified, ///< 304: the client has it already
  failed,       ///< 412: it is not what the client takes it for
};

/// Evaluates the conditions, in the order that the standard gives them, against a resource that exists. `reads`:
/// whether the method is GET or HEAD. Times that are none are ignored; a list of tags that is none matches nothing.
/// Thread-safe; allocates nothing. Source: RFC 9110, section 13.2.2 (steps 1 to 4), and 13.1.
precondition evaluate(const conditions& given, const validators& current, bool reads) noexcept;

/// Whether `if_range`, the value of that header, still names the whole's state, so that ranges of it fit together
/// with what the client has: the same tag, both strong, or the exact time, unless the settling time is not over.
/// Thread-safe; allocates nothing. Source: RFC 9110, section 13.1.5.
bool range_condition_holds(std::string_view if_range, const validators& current) noexcept;

} // namespace weir
