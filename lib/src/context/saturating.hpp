// Points in time that lie a given while ahead, however long that is.
#pragma once

#include <chrono>

namespace weir::detail {

/// `now` plus `ahead`, or the end of time if that is later.
inline std::chrono::steady_clock::time_point saturating_sum(std::chrono::steady_clock::time_point now,
                                                            std::chrono::steady_clock::duration ahead) noexcept {
  using time_point = std::chrono::steady_clock::time_point;
  return ahead < time_point::max() - now ? now + ahead : time_point::max();
}

inline std::chrono::steady_clock::time_point saturating_from_now(std::chrono::steady_clock::duration ahead) noexcept {
  return saturating_sum(std::chrono::steady_clock::now(), ahead);
}

} // namespace weir::detail
