// A logging library under measurement. One file per library implements this and registers what it offers.
#pragma once

#include "measuring/call_timing.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace bench {

/// What a measured log call looks like.
enum class call_shape {
  int_int_double, ///< "request int: {}, int: {}, double: {}"
  string60,       ///< "request for {}" with a std::string of 60 characters
  fields3,        ///< "request done", a string field of 12 characters, an integer one and a floating point one
  below_level,    ///< int_int_double at a level that is switched off
  recorder,       ///< the same, kept in memory in case that something goes wrong
};

std::string_view to_string_view(call_shape shape) noexcept;
/// Errors: std::invalid_argument naming it if there is no such shape.
call_shape parse_shape(std::string_view name);

// The arguments of call i: the same for all subjects.
inline const std::string sixty_characters = "https://files.example.org/download/2026/november/report.html";
inline const std::string twelve_characters = "/report.html";
inline double fraction(std::uint64_t i) noexcept { return static_cast<double>(i) / 1000.0; }

/// How a subject writes a record.
enum class layout {
  text, ///< `<time> info  [main] <message>\n`, the time as 2026-11-21T20:04:21.139357Z
  json, ///< an object a line: time, level, logger, message, then the fields
};

/// A logger that writes to a file. It is made by a thread pinned to the backend's core, which the threads it starts
/// inherit, and used by a thread pinned to the producer's, unless a benchmark says otherwise.
class subject {
 public:
  subject() = default;
  subject(const subject&) = delete;
  subject& operator=(const subject&) = delete;
  virtual ~subject() = default;

  virtual call_samples time_calls(call_shape shape, const call_timing& timing) = 0;
  /// Makes the calls first … first + count - 1 as fast as it can: of shape int_int_double, or of shape fields3 if
  /// the layout is JSON. Thread-safe.
  virtual void log_lines(std::uint64_t first, std::uint64_t count) = 0;
  /// Returns when everything logged has been written to the file.
  virtual void finish() = 0;
};

using subject_opener = std::unique_ptr<subject> (*)(const std::string& path, layout lines);

/// A constant of this type in a library's file makes its subject known to open_subject() in every program that the
/// file is linked into: a program has the subjects that are installed, or just one, without a list of them.
struct subject_registration {
  subject_registration(std::string_view name, subject_opener open);
};

/// Leaves the calling thread on the producer's core.
/// Errors: std::invalid_argument naming it if there is no such subject in this program, or none of that layout.
std::unique_ptr<subject> open_subject(const std::string& name, const std::string& path, layout lines = layout::text);

/// The same, but neither the calling thread nor the subject's are bound to a core.
std::unique_ptr<subject> open_subject_anywhere(const std::string& name, const std::string& path,
                                               layout lines = layout::text);

/// For subjects without such a call. Errors: std::invalid_argument, always.
[[noreturn]] void not_offered(std::string_view subject_name, call_shape shape);

/// For subjects without JSON. Errors: std::invalid_argument naming the subject if `lines` is json.
void want_text(std::string_view subject_name, layout lines);

} // namespace bench
