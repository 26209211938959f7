// Which part of the day a moment falls into.
#pragma once

#include "weir/log/rotating_file_sink.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace weir::detail {

/// Seconds since 1970-01-01T00:00:00Z; `begin` is in it, `end` is not.
struct rotation_period {
  std::int64_t begin, end;
};

class rotation_schedule {
 public:
  /// `every` is a whole fraction of a day, or 0: one period for all time.
  rotation_schedule(std::chrono::minutes every, std::chrono::minutes at, rotation_zone zone) noexcept;

  rotation_period period_of(std::int64_t unix_seconds) const noexcept;
  /// "2026-11-21"
  std::string date_of(std::int64_t unix_seconds) const;

 private:
  std::chrono::minutes every_, at_;
  rotation_zone zone_;
};

} // namespace weir::detail
