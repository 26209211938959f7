// Code of others that may throw anything, and of which nothing may come but a report.
#pragma once

#include <exception>
#include <string>
#include <system_error>

namespace weir::detail {

/// Runs `call`; what it throws becomes a text for `report`.
template <class Call, class Report>
void guarded(Call call, Report report) noexcept {
  try {
    call();
  } catch (const std::exception& error) {
    report(error.what());
  } catch (...) {
    report("unknown exception");
  }
}

/// For reports, which are no reason to fail where memory is short.
inline std::string message_of(const std::error_code& error) noexcept {
  try {
    return error.message();
  } catch (...) {
    return "[no memory]"; // short enough to need none
  }
}

} // namespace weir::detail
