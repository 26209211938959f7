// A record's time as text.
#pragma once

#include "log/line_writer.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace weir::detail {

/// `2026-11-21T19:35:21.123456Z` (RFC 3339, UTC), with all but the fraction remembered from the call before.
class timestamp_text {
 public:
  static constexpr std::size_t size = 27;

  void append(line_writer& out, std::int64_t unix_nanoseconds);

 private:
  void change_second(std::int64_t second) noexcept;

  std::int64_t second_begin_ = INT64_MAX; // Unix nanoseconds
  std::array<char, size> text_{};
};

} // namespace weir::detail
