// The file sink: appends lines to a file, also after others have moved it.
#pragma once

#include "weir/log/renderer.hpp"
#include "weir/log/sink.hpp"

#include <chrono>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace weir {

enum class file_start : std::uint8_t {
  append,   ///< goes on behind what is there
  truncate, ///< empties the file when the sink is made; never when it is reopened
};

/// How a file is opened. A value outside its range throws std::invalid_argument naming it.
struct file_options {
  /// Not empty. A relative path is that of the moment: a later change of directory does not move it.
  std::string path;
  /// Permissions of a file that is created, less the umask; 0 to 0777, default 0644.
  unsigned mode = 0644;
  /// Whether missing parent directories are created, also when the file is reopened. Default: no.
  bool create_directories = false;
  file_start start = file_start::append;
  /// How often, at most, it looks before a write whether the path still leads to the file it has open, and tries
  /// again what has failed; 0 (before every batch) to 1 hour, default 1 s, nullopt: does not look. Looking costs one
  /// system call; what is logged between two looks goes to the moved file, or is gone with the removed one. From the
  /// first sync on every write looks before and after, unless this is nullopt.
  std::optional<std::chrono::milliseconds> look_interval = std::chrono::seconds(1);
};

/// Appends lines to a file, which is created if it is not there. Works with logrotate's `create`, `nocreate` and
/// `copytruncate` as it is: a file that was moved or removed is noticed (`look_interval`) and opened anew by its
/// path; one that was moved and not replaced is only after two looks, so as not to be ahead of who moved it. At once,
/// with `reopen()` or reopen_log_files() (see weir/log/reopen.hpp): before the next record is written, or with the
/// stream's next flush. If it cannot be opened, it is tried again; until then records go on to the old one, or, if
/// that has been removed, as with its directory, are lost, counted.
///
/// What goes to a file after it was moved is lost, though counted as written, if somebody copies the file and removes
/// it meanwhile, as logrotate's `compress` does: that wants `delaycompress`. A sync acknowledges nothing of the kind.
/// It fails, once, if what it was to make durable went to a file that has been removed (ENOENT; it opens a new one),
/// or was written when the path did not lead to the file any more (ESTALE). What is lost between the copying and the
/// truncating of `copytruncate` nobody can see.
///
/// A full device loses what does not fit, counted, and leaves no torn line behind in a regular file. Several sinks,
/// of several processes too, may write to one file: lines stay whole, as long as none of the processes is killed amid
/// a write, and the device does not fill up; the fragment that is then left stands in front of what another one
/// writes next. A process that opens a file which ends in a fragment goes on in a line of its own. Of a FIFO the
/// same holds as of console_sink()'s pipe: lines of at most PIPE_BUF bytes stay whole among those of other processes.
///
/// Where the path is a FIFO that nobody reads, the call waits for a reader, as open(2) does. /dev/stdout and
/// /dev/stderr cannot be opened where they are sockets, as in a service of systemd's (ENXIO): take console_sink().
/// Errors: throws std::system_error naming the path when it cannot be opened, std::invalid_argument for bad options
/// or a null renderer.
std::shared_ptr<sink> file_sink(file_options options, std::unique_ptr<renderer> renderer = as_text());
// A template, lest GCC takes a braced list of options for a string.
template <std::convertible_to<std::string> Path>
std::shared_ptr<sink> file_sink(Path&& path, std::unique_ptr<renderer> renderer = as_text()) {
  return file_sink(file_options{.path = std::forward<Path>(path)}, std::move(renderer));
}

} // namespace weir
