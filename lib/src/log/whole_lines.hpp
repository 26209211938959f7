// Appending lines to a descriptor so that they stay whole, as far as what it leads to allows.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <string_view>
#include <system_error>

namespace weir::detail {

/// What became of lines.
struct lines_written {
  std::size_t taken = 0;  // bytes, those of a line that was cut off among them
  std::size_t growth = 0; // bytes by which a file is longer now
  std::error_code error{};
};

/// One writer's. A line that is cut off, as where a device is full, is taken back if it is a regular file's end, and
/// otherwise ended in front of the next. One thread at a time.
class whole_lines {
 public:
  /// Appends `lines`, each with its line feed. A pipe or FIFO gets whole lines in pieces of at most PIPE_BUF bytes,
  /// which no other writer's bytes get into (pipe(7)); a longer line is a piece of its own, and others' may stand in
  /// it. Waits as write_all() does.
  lines_written append(int descriptor, std::string_view lines) noexcept;

  /// To be called for a file that has just been opened. `torn`: whether it ends amid a line.
  void begin(const struct stat& file, bool torn) noexcept;

 private:
  bool leads_to_torn(int descriptor) const noexcept;
  std::size_t take_back(int descriptor, std::string_view taken) noexcept;

  bool torn_ = false; // what was written to ends amid a line; it is the file below
  ::dev_t device_ = 0;
  ::ino_t inode_ = 0;
};

} // namespace weir::detail
