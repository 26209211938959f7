// Percent-encoding, read (RFC 3986 section 2.1).
#pragma once

#include <string>
#include <string_view>

namespace weir::detail {

/// `text` with each `%` and its two hexadecimal digits, of either case, replaced by the byte that they stand for;
/// broken escapes are left as they are. Throws std::bad_alloc. Thread-safe.
std::string percent_decoded(std::string_view text);

} // namespace weir::detail
