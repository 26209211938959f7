// The Date of a response.
#pragma once

#include <string_view>

namespace weir::detail {

/// The time now, to the second, as HTTP's headers carry it. Valid until the thread's next call. Thread-safe;
/// allocates nothing. Cost: a reading of the kernel's coarse clock, which is up to a tick (4 ms) late; the text is
/// made once a second and thread. Source: RFC 9110, section 6.6.1.
std::string_view current_date() noexcept;

} // namespace weir::detail
