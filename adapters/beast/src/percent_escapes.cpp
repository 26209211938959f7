#include "percent_escapes.hpp"

#include "percent.hpp"

#include <algorithm>

namespace weir::detail {

namespace {

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

} // namespace

int escaped_byte(std::string_view text, std::size_t at) noexcept {
  if (text.size() - at < 3) return -1;
  const int high = hex_value(text[at + 1]), low = hex_value(text[at + 2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool has_broken_escape(std::string_view text) noexcept {
  for (auto at = text.find('%'); at != text.npos; at = text.find('%', at + 1))
    if (escaped_byte(text, at) < 0) return true;
  return false;
}

void append_decoded(std::string& to, std::string_view text) {
  const std::size_t before = to.size();
  to.append(text);
  to.resize(before + percent_decode(to.data() + before, text.size()));
}

std::optional<std::string> decode_query_part(std::string_view text) {
  if (has_broken_escape(text)) return std::nullopt;
  std::string spaced(text);
  std::ranges::replace(spaced, '+', ' ');
  return percent_decoded(spaced);
}

} // namespace weir::detail
