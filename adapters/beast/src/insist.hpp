// For what has to be done, also where memory is short for a moment.
#pragma once

#include <chrono>
#include <exception>
#include <thread>

namespace weir::detail {

/// Calls `function` until it does not throw, a tenth of a second apart. It may be called again after it has thrown.
template <class Function>
void insist(Function function) noexcept {
  for (;;) {
    try {
      return function();
    } catch (const std::exception&) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  }
}

} // namespace weir::detail
