// Percent escapes in paths and queries.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace weir::detail {

/// The byte that the escape at text[at] stands for, or -1 if it is broken.
int escaped_byte(std::string_view text, std::size_t at) noexcept;

bool has_broken_escape(std::string_view text) noexcept;

/// Appends the text with its escapes, of which none is broken, decoded.
void append_decoded(std::string& to, std::string_view text);

/// The text with its escapes decoded and `+` as a space, as in a query, or nullopt if one is broken.
std::optional<std::string> decode_query_part(std::string_view text);

} // namespace weir::detail
