// Entity tags: the names of one state of a resource.
#pragma once

#include <optional>
#include <string_view>

namespace weir {

/// `"xyzzy"`, or `W/"xyzzy"`: weak, for states that are as good as each other but may differ in their bytes.
struct entity_tag {
  std::string_view opaque{}; ///< between the quotes
  bool weak = false;
};

/// Reads one tag, without spaces around it. Result: a view of `text`; nullopt for anything else.
/// Thread-safe; allocates nothing. Source: RFC 9110, section 8.8.3.
std::optional<entity_tag> parse_entity_tag(std::string_view text) noexcept;

/// The same, and both strong. Source: RFC 9110, section 8.8.3.2.
constexpr bool strong_match(const entity_tag& a, const entity_tag& b) noexcept {
  return !a.weak && !b.weak && a.opaque == b.opaque;
}

/// The same, weak or not. Source: RFC 9110, section 8.8.3.2.
constexpr bool weak_match(const entity_tag& a, const entity_tag& b) noexcept { return a.opaque == b.opaque; }

/// Whether `list`, the value of If-Match or If-None-Match, names `current`: it is `*`, or a list with a tag for which
/// `same` (one of the two above) holds. What comes behind something that is no tag is not looked at.
/// Thread-safe; allocates nothing. Source: RFC 9110, sections 13.1.1 and 13.1.2.
bool names_tag(std::string_view list, const entity_tag& current,
               bool (*same)(const entity_tag&, const entity_tag&) noexcept) noexcept;

} // namespace weir
