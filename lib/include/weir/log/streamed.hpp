// Values that only have an operator<<: log.info("in {}", weir::streamed(value)).
#pragma once

#include "weir/log/standard_values.hpp"

#include <sstream>
#include <string>
#include <utility>

namespace weir {

/// A value for one log statement; see streamed().
template <class T>
class streamed_value : public detail::rendered_now {
 public:
  explicit streamed_value(const T& value) noexcept : value_(&value) {}
  /// What its operator<< writes; "[unformattable]" if that throws, or fails the stream.
  std::string text() const noexcept {
    try {
      std::ostringstream out;
      out << *value_;
      if (out) return std::move(out).str();
    } catch (...) { // as below
    }
    return "[unformattable]"; // short enough to need no memory
  }

 private:
  const T* value_;
};

/// Logs what `value`'s operator<< writes to a stream with default flags, as an argument or a field. Lifetime: it
/// refers to `value` until the statement ends; do not store it. Cost: a stream at the call, which is several times
/// what a fmt::formatter costs.
template <class T>
[[nodiscard]] streamed_value<T> streamed(const T& value) noexcept {
  return streamed_value<T>(value);
}

} // namespace weir
