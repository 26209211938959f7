// Compression of what is sent.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir::detail {

/// The text as gzip has it (RFC 1952), at the level that is fastest; nothing if there is no memory for it.
/// Thread-safe. Cost: about 4 ns a byte of a page.
std::optional<std::string> gzip(std::string_view text) noexcept;

} // namespace weir::detail
