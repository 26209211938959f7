// The rotating file sink: begins a new file by size, by time, or both, and keeps a bounded number of old ones.
#pragma once

#include "weir/log/file_sink.hpp"
#include "weir/log/renderer.hpp"
#include "weir/log/sink.hpp"

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>

namespace weir {

/// What the files are called that log.txt was, before; its extension stays last.
enum class rotation_naming : std::uint8_t {
  number, ///< log.1.txt, the newest, to log.N.txt, which are renamed at every rotation
  date,   ///< log.2026-11-21.txt, then log.2026-11-21.1.txt, … the newest of that day; never renamed
};

enum class rotation_zone : std::uint8_t { local, utc };

/// For `rotation_options::keep_files`: no file is removed for the number of them.
inline constexpr std::size_t keep_all = (std::numeric_limits<std::size_t>::max)();

/// When a file is rotated, and what is kept. A value outside its range throws std::invalid_argument naming it.
struct rotation_options {
  /// No file grows beyond this, but for a single longer record; bytes, 0 (default): not by size.
  std::uint64_t file_bytes = 0;
  /// One file for each such part of the day; a whole fraction of a day, 1 minute to 24 hours, default 0: not by time.
  std::chrono::minutes every{0};
  /// The time of day at which such a part begins; 0 to 23:59 h, default midnight.
  std::chrono::minutes at{0};
  /// Whose day. Where local clocks are set, that day's parts are longer or shorter.
  rotation_zone zone = rotation_zone::local;
  /// How many rotated files are kept beside the current one; 0 to 10 000, or `keep_all`, default 10. Named by number
  /// all of them are renamed at each rotation, so that many want rotation_naming::date.
  std::size_t keep_files = 10;
  /// How many bytes they may have together; default 0: no limit.
  std::uint64_t keep_bytes = 0;
  rotation_naming naming = rotation_naming::number;
};

/// Appends lines to the file, as file_sink() does, and rotates it: renames it and begins a new one at its path, then
/// removes the oldest rotated ones beyond what is kept. A record stands in one file, whole.
///
/// By time, a record's own time decides, not that of its writing: each file has exactly the records of its part of
/// the day, also after a backlog; and a log in which nothing happens is rotated with the next record. If the clock is
/// set back by no more than one part's length, what follows stays in the file that there is, until the clock is in
/// its part of the day again; if it is set back by more, a new one is begun. A file that is there when the program
/// starts is continued, or rotated if it was last written to in an earlier part of the day.
///
/// A file's date is that on which its part of the day began, or, without rotation by time, that of its rotation. What
/// is found in the directory under such names counts as rotated: regular files. The latest are kept; those dated
/// later than the file that was just rotated are of a clock that was wrong, and count as the oldest. Other files,
/// and links, directories and the like under such names, are left alone, and the names passed over.
///
/// A path that is a symbolic link is followed when the sink is made, and not looked at again: the file that it leads
/// to is the one that rotates, where it is, and the link goes on leading to the current one.
///
/// Only a regular file rotates. What else the path leads to (a pipe, a FIFO, a device; /dev/stdout may be any) is
/// written to as by file_sink(), and never renamed or removed, by size or by time; nor is what has taken the file's
/// place and is none, a link too: rotating fails then.
///
/// If rotating fails, records go on to the old file; it is counted and reported as the sink's error, and tried again
/// at the file's `look_interval`. Only one sink of one process should rotate a file: of several each goes by its own
/// count of bytes, and files grow larger, and are removed earlier, than either wants; lines are not lost.
/// Errors: as of file_sink(); throws std::invalid_argument too if neither `file_bytes` nor `every` is given.
std::shared_ptr<sink> rotating_file_sink(file_options file, rotation_options rotation,
                                         std::unique_ptr<renderer> renderer = as_text());
// A template, lest GCC takes a braced list of options for a string.
template <std::convertible_to<std::string> Path>
std::shared_ptr<sink> rotating_file_sink(Path&& path, rotation_options rotation,
                                         std::unique_ptr<renderer> renderer = as_text()) {
  return rotating_file_sink(file_options{.path = std::forward<Path>(path)}, rotation, std::move(renderer));
}

} // namespace weir
