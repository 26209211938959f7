// The parts of a patterned line that change once a second.
#pragma once

#include "log/line_writer.hpp"
#include "log/pattern.hpp"
#include "weir/log/renderer.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace weir::detail {

/// Texts of literals and of flags for date and time, remembered from the call before. One thread at a time.
class pattern_clock {
 public:
  explicit pattern_clock(pattern_time zone);

  /// Whether a flag is one of those.
  static bool knows(char flag) noexcept;

  /// A text of these pieces; returns its number, for append().
  std::size_t add(std::vector<pattern_piece> pieces);

  /// Has the texts be those of that time. Throws std::bad_alloc, and then does it at the next call. Cost: within the
  /// second of the call before, a comparison.
  void move_to(std::int64_t unix_nanoseconds) {
    const auto now = static_cast<std::uint64_t>(unix_nanoseconds);
    if (now - second_begin_ >= kept_for_) [[unlikely]] // an earlier one, too: the difference wraps
      change_second(unix_nanoseconds);
    nanoseconds_ = static_cast<std::uint32_t>(now - second_begin_);
  }
  void append(line_writer& out, std::size_t number) const {
    const text& which = texts_[number];
    out.append_padded({which.made.data(), which.size});
  }
  /// Since the second's begin.
  std::uint32_t nanoseconds() const noexcept { return nanoseconds_; }

 private:
  struct text {
    std::vector<pattern_piece> pieces{};
    std::string made{}; // padded
    std::size_t size = 0;
  };
  void change_second(std::int64_t unix_nanoseconds);

  pattern_time zone_;
  std::vector<text> texts_;
  std::uint64_t second_begin_ = 0; // Unix nanoseconds
  std::uint64_t kept_for_ = 0;     // from then on; 0: no text has been made
  std::uint32_t nanoseconds_ = 0;
};

} // namespace weir::detail
