#include "weir/http/entity_tag.hpp"

#include "white_space.hpp"

#include <algorithm>

namespace weir {
namespace {

bool is_tag_character(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return byte == 0x21 || (byte >= 0x23 && byte != 0x7F);
}

/// Takes a tag off the front of `text`.
std::optional<entity_tag> take_tag(std::string_view& text) noexcept {
  std::string_view left = text;
  const bool weak = left.starts_with("W/");
  if (weak) left.remove_prefix(2);
  if (!left.starts_with('"')) return std::nullopt;
  left.remove_prefix(1);
  const auto end = left.find('"');
  if (end == left.npos) return std::nullopt;
  const entity_tag found{left.substr(0, end), weak};
  if (!std::ranges::all_of(found.opaque, is_tag_character)) return std::nullopt;
  text = left.substr(end + 1);
  return found;
}

} // namespace

std::optional<entity_tag> parse_entity_tag(std::string_view text) noexcept {
  const auto found = take_tag(text);
  return text.empty() ? found : std::nullopt;
}

bool names_tag(std::string_view list, const entity_tag& current,
               bool (*same)(const entity_tag&, const entity_tag&) noexcept) noexcept {
  list = detail::trim(list);
  if (list == "*") return true;
  while (!list.empty()) {
    if (list.front() == ',') { // RFC 9110, section 5.6.1.2: empty members are passed over
      list = detail::trim(list.substr(1));
      continue;
    }
    const auto tag = take_tag(list);
    list = detail::trim(list);
    if (!tag || (!list.empty() && list.front() != ',')) return false;
    if (same(*tag, current)) return true;
  }
  return false;
}

} // namespace weir
