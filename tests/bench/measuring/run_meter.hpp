// What a piece of a program takes: time, processor time, memory.
#pragma once

#include <cstdint>
#include <string_view>

namespace bench {

/// From its construction until stop(): of the whole process, all threads included. Errors: std::runtime_error if
/// /proc does not tell.
class run_meter {
 public:
  run_meter();
  /// To be called once.
  void stop();
  /// By how much the resident size was higher, at its highest, than when the meter was made.
  std::uint64_t peak_bytes() const noexcept { return peak_bytes_; }
  /// Prints records_per_s, ns_per_op (processor time) and peak_bytes: by how much the resident size was higher, at
  /// its highest, than when the meter was made.
  void print(std::string_view benchmark, std::string_view shape, std::string_view subject,
             std::uint64_t records) const;

 private:
  std::uint64_t resident_bytes_, peak_bytes_ = 0;
  std::uint64_t spent_ns_;
  std::uint64_t wall_ns_;
};

} // namespace bench
