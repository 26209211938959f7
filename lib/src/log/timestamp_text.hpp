// A record's time as text.
#pragma once

#include "log/line_writer.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace weir::detail {

/// `2026-11-21T19:35:21.123456Z` (RFC 3339, UTC), remembered from the call before as far as it is still right: when
/// records are many, some of them share a microsecond.
class timestamp_text {
 public:
  static constexpr std::size_t size = 27;

  void append(line_writer& out, std::int64_t unix_nanoseconds) {
    if (unix_nanoseconds < begin_ || unix_nanoseconds - begin_ >= microsecond) change(unix_nanoseconds);
    char* const at = out.reserve(text_.size());
    std::memcpy(at, text_.data(), text_.size());
    out.advance_to(at + size);
  }

 private:
  static constexpr std::int64_t microsecond = 1000, second = 1'000'000'000;

  void change(std::int64_t unix_nanoseconds) noexcept;
  void change_second(std::int64_t unix_nanoseconds) noexcept;

  std::int64_t second_begin_ = INT64_MAX, begin_ = INT64_MAX; // Unix nanoseconds; of text_
  std::array<char, 32> text_{};                               // padded, to be copied in two moves
};

} // namespace weir::detail
