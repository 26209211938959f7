// What a context that is done reports: canceled, or deadline_exceeded, as std::error_code.
#pragma once

#include <system_error>

namespace weir {

/// The two ways in which a context ends. Compared with std::errc they are operation_canceled and timed_out.
enum class context_errc {
  canceled = 1,
  deadline_exceeded = 2,
};

/// The category `weir.context`. It is never destroyed, so codes stay usable while static objects are.
const std::error_category& context_category() noexcept;

inline std::error_code make_error_code(context_errc error) noexcept {
  return {static_cast<int>(error), context_category()};
}

} // namespace weir

template <>
struct std::is_error_code_enum<weir::context_errc> : std::true_type {};
