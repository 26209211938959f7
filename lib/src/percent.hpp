// Percent-encoding, read (RFC 3986 section 2.1).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace weir::detail {

/// `text` with each `%` and its two hexadecimal digits, of either case, replaced by the byte that they stand for;
/// broken escapes are left as they are. Throws std::bad_alloc. Thread-safe.
std::string percent_decoded(std::string_view text);

/// The same in place; returns the new size, which is the old one if there was nothing to decode.
std::size_t percent_decode(char* text, std::size_t size) noexcept;

} // namespace weir::detail
