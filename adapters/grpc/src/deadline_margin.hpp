// How much earlier than ours another end's clock may say that a call's time is over.
#pragma once

#include <algorithm>
#include <chrono>

namespace weir::detail {

/// A caller gives up at its deadline, and its cancel looks like any other. It is here before our own clock says so:
/// the time that is left was rounded up for its header, by up to 1 %, and counts here from when that was read, which
/// on a busy machine is some time after it was written. `given`: the time that was left when it was read.
inline std::chrono::nanoseconds deadline_margin(std::chrono::nanoseconds given) noexcept {
  return std::min<std::chrono::nanoseconds>(std::chrono::milliseconds(50) + given / 50, given / 2);
}

} // namespace weir::detail
