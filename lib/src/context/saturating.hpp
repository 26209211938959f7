// Points in time that lie a given while ahead, however long that is.
#pragma once

#include <chrono>

namespace weir::detail {

/// Now plus `ahead`, or the end of time if that is later.
inline std::chrono::steady_clock::time_point saturating_from_now(std::chrono::steady_clock::duration ahead) noexcept {
  using time_point = std::chrono::steady_clock::time_point;
  const time_point now = std::chrono::steady_clock::now();
  return ahead < time_point::max() - now ? now + ahead : time_point::max();
}

} // namespace weir::detail
