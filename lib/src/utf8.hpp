// Text from outside that has to be UTF-8, label values and baggage, whatever a request put into them.
#pragma once

#include <string>
#include <string_view>

namespace weir::detail {

/// The text with U+FFFD for each maximal part of an invalid sequence (Unicode 15, section 3.9, table 3-8), and
/// unchanged if it is valid UTF-8.
std::string to_valid_utf8(std::string_view text);

/// Whether the text is valid UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_valid_utf8(std::string_view text) noexcept;

} // namespace weir::detail
