// What went wrong, on standard error and not too often.
#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

namespace weir::detail {

/// One per source of errors, so that a sink which fails all the time does not hide another. Needs no memory, of which
/// there may be none. One thread at a time.
class error_reports {
 public:
  /// Writes `weir: who: attempt: what (N records lost)`, N since the last line; once a second at most. `attempt` may
  /// be empty.
  void note(std::string_view who, std::string_view attempt, std::string_view what, std::size_t lost) noexcept;

 private:
  std::chrono::steady_clock::time_point next_{};
  std::size_t unreported_losses_ = 0;
};

} // namespace weir::detail
