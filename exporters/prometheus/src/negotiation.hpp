// What a scrape's headers ask for: which format, and whether compressed.
#pragma once

#include <cstdint>
#include <string_view>

namespace weir::detail {

enum class exposition_format : std::uint8_t { text_0_0_4, openmetrics_0_0_1, openmetrics_1_0_0 };

/// The format preferred by an Accept header, text_0_0_4 when in doubt. Thread-safe; allocates nothing.
exposition_format negotiate(std::string_view accept_header) noexcept;

/// Whether an Accept-Encoding header would rather have gzip than what is not compressed; an empty one would not.
/// Thread-safe; allocates nothing. Source: RFC 9110, section 12.5.3.
bool prefers_gzip(std::string_view accept_encoding_header) noexcept;

/// The Content-Type of a page in that format.
std::string_view content_type(exposition_format format) noexcept;

} // namespace weir::detail
