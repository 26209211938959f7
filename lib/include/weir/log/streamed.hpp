// Values that only have an operator<<: log.info("in {}", weir::streamed(value)).
#pragma once

#include "weir/log/standard_values.hpp"

#include <sstream>
#include <string>
#include <utility>

namespace weir {

/// A value, or a reference to one, for log statements; see streamed().
template <class T>
class streamed_value : public detail::rendered_now {
 public:
  explicit streamed_value(T&& value) : value_(std::forward<T>(value)) {}
  /// What its operator<< writes; "[unformattable]" if that throws, or fails the stream.
  std::string text() const noexcept {
    try {
      std::ostringstream out;
      out << value_;
      if (out) return std::move(out).str();
    } catch (...) { // as below
    }
    return "[unformattable]"; // short enough to need no memory
  }

 private:
  T value_;
};

/// Logs what `value`'s operator<< writes to a stream with default flags, as an argument or a field. Lifetime: the
/// result refers to a `value` that has a name, and holds one that has none. Cost: a stream at the call, which is
/// several times what a fmt::formatter costs.
template <class T>
[[nodiscard]] streamed_value<T> streamed(T&& value) {
  return streamed_value<T>(std::forward<T>(value));
}

} // namespace weir
