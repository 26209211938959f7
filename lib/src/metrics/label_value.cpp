#include "metrics/label_value.hpp"

#include "utf8.hpp"
#include "weir/metrics/family.hpp"

#include <cstddef>

namespace weir::detail {
namespace {

constexpr std::string_view ellipsis = "\xe2\x80\xa6";

} // namespace

bool is_label_value(std::string_view text) noexcept {
  return text.size() <= max_label_value_bytes && is_valid_utf8(text);
}

std::string to_label_value(std::string_view text) {
  // Repairing makes no text shorter, so that what is cut here is cut below, too; the rest of it need not be copied.
  std::string value = to_valid_utf8(text.substr(0, 2 * max_label_value_bytes));
  if (value.size() <= max_label_value_bytes) return value;
  std::size_t end = max_label_value_bytes - ellipsis.size();
  while (end > 0 && continues_character(value[end])) --end;
  value.resize(end);
  value += ellipsis;
  return value;
}

} // namespace weir::detail
