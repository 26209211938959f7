// What a label's value has to be, whatever a request put into it: valid UTF-8, and no longer than a page can bear.
#pragma once

#include <string>
#include <string_view>

namespace weir::detail {

/// Whether it may stay as it is.
bool is_label_value(std::string_view text) noexcept;

/// Repaired (to_valid_utf8()) and cut to max_label_value_bytes. Errors: std::bad_alloc.
std::string to_label_value(std::string_view text);

} // namespace weir::detail
