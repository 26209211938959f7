// Writing to a descriptor until all is written.
#pragma once

#include <cstddef>
#include <string_view>
#include <system_error>

namespace weir::detail {

/// Writes all of `bytes`, or as much as it can, and returns how many. It waits for a descriptor that somebody else
/// has made non-blocking as for any other: without a limit. Those who have one do not wait for who calls this.
std::size_t write_all(int descriptor, std::string_view bytes, std::error_code& error) noexcept;

} // namespace weir::detail
