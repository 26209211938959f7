#include "log/format_pieces.hpp"

#include <utility>

namespace weir::detail {

namespace {

/// The number at the front of `text`, which loses it, or the next one in turn.
std::size_t take_number(std::string_view& text, std::size_t& next) noexcept {
  if (text.empty() || text.front() < '0' || text.front() > '9') return next++;
  std::size_t number = 0;
  for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1))
    number = number * 10 + static_cast<std::size_t>(text.front() - '0');
  return number;
}

std::string number_nested(std::string_view spec, std::size_t& next) {
  std::string numbered;
  while (!spec.empty()) {
    const char c = spec.front();
    spec.remove_prefix(1);
    numbered += c;
    if (c == '{') numbered += std::to_string(take_number(spec, next));
  }
  return numbered;
}

/// The field that `format` stands in, up to its closing brace, which is taken, too.
std::string_view take_field(std::string_view& format) noexcept {
  std::size_t end = 0;
  for (int depth = 1; end < format.size(); ++end) {
    if (format[end] == '{') ++depth;
    if (format[end] == '}' && --depth == 0) break;
  }
  const std::string_view field = format.substr(0, end);
  format.remove_prefix(end < format.size() ? end + 1 : end);
  return field;
}

} // namespace

std::vector<format_piece> take_apart(std::string_view format) {
  std::vector<format_piece> pieces;
  format_piece piece;
  std::size_t next = 0;
  while (!format.empty()) {
    const char c = format.front();
    format.remove_prefix(1);
    const bool is_brace = c == '{' || c == '}';
    if (!is_brace || (!format.empty() && format.front() == c)) {
      piece.literal += c;
      if (is_brace) format.remove_prefix(1); // a doubled one
      continue;
    }
    std::string_view field = take_field(format);
    piece.argument = take_number(field, next);
    if (field.starts_with(':')) piece.spec = number_nested(field.substr(1), next);
    pieces.push_back(std::exchange(piece, {}));
  }
  if (!piece.literal.empty()) pieces.push_back(std::move(piece));
  return pieces;
}

} // namespace weir::detail
