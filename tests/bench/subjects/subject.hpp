// A logging library under measurement. One file per library implements this; subjects.cpp lists them.
#pragma once

#include "measuring/call_timing.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace bench {

/// What a measured log call looks like.
enum class call_shape {
  int_int_double, ///< "request int: {}, int: {}, double: {}"
  string60,       ///< "request for {}" with a std::string of 60 characters
  fields3,        ///< "request done", a string field of 12 characters, an integer one and a floating point one
  below_level,    ///< int_int_double at a level that is switched off
};

std::string_view to_string_view(call_shape shape) noexcept;
/// Errors: std::invalid_argument naming it if there is no such shape.
call_shape parse_shape(std::string_view name);

// The arguments of call i: the same for all subjects.
inline const std::string sixty_characters = "https://files.example.org/download/2026/november/report.html";
inline const std::string twelve_characters = "/report.html";
inline double fraction(std::uint64_t i) noexcept { return static_cast<double>(i) / 1000.0; }

/// A logger that writes `<time> info  [main] <message>\n` to a file, the time as 2026-11-21T20:04:21.139357Z.
/// It is made by a thread pinned to the backend's core, which the threads it starts inherit, and used by a thread
/// pinned to the producer's.
class subject {
 public:
  subject() = default;
  subject(const subject&) = delete;
  subject& operator=(const subject&) = delete;
  virtual ~subject() = default;

  virtual call_samples time_calls(call_shape shape, const call_timing& timing) = 0;
  /// Makes the calls first … first + count - 1 of shape int_int_double as fast as it can.
  virtual void log_lines(std::uint64_t first, std::uint64_t count) = 0;
  /// Returns when everything logged has been written to the file.
  virtual void finish() = 0;
};

struct subject_entry {
  std::string_view name;
  std::unique_ptr<subject> (*open)(const std::string& path);
};

std::span<const subject_entry> all_subjects() noexcept;
/// Errors: std::invalid_argument naming it if there is no such subject in this build.
std::unique_ptr<subject> open_subject(std::string_view name, const std::string& path);

// The subjects, each in the file of its library.
std::unique_ptr<subject> open_clock(const std::string& path);
std::unique_ptr<subject> open_empty(const std::string& path);
std::unique_ptr<subject> open_weir(const std::string& path);
std::unique_ptr<subject> open_spdlog_sync(const std::string& path);
std::unique_ptr<subject> open_spdlog_async(const std::string& path);

} // namespace bench
