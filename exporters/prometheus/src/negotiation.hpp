// Which exposition format a scrape's Accept header asks for.
#pragma once

#include <cstdint>
#include <string_view>

namespace weir::detail {

enum class exposition_format : std::uint8_t { text_0_0_4, openmetrics_0_0_1, openmetrics_1_0_0 };

/// The format preferred by an Accept header, text_0_0_4 when in doubt. Thread-safe; allocates nothing.
exposition_format negotiate(std::string_view accept_header) noexcept;

/// The Content-Type of a page in that format.
std::string_view content_type(exposition_format format) noexcept;

} // namespace weir::detail
