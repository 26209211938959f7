// Whether a log file holds what was logged: a subject that writes something else, or less, is not compared.
#pragma once

#include <cstdint>
#include <string>

namespace bench {

/// Everything but the digits of the time has to be what subject::log_lines() logged, for all subjects alike, or their
/// speeds cannot be compared. `producers` threads have logged `records` / `producers` consecutive lines each, and
/// each one's are in order. Lines that a library puts before the first record are passed over. Errors:
/// std::runtime_error naming the first line that is different, or how many there are.
void check_text_lines(const std::string& path, std::uint64_t records, std::uint64_t producers = 1);

/// Each line has to end in the fields of its call. Their values may be strings, all of them: Quill's are.
/// Errors: as above.
void check_json_lines(const std::string& path, std::uint64_t records);

} // namespace bench
