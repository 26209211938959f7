#include "log/whole_lines.hpp"

#include "log/write_all.hpp"

#include <unistd.h>

#include <algorithm>
#include <climits>

namespace weir::detail {

namespace {

bool is_pipe(int descriptor) noexcept {
  struct stat status {};
  return ::fstat(descriptor, &status) == 0 && S_ISFIFO(status.st_mode);
}

/// Whole lines of at most `most` bytes, or the first, if that is longer.
std::string_view first_piece(std::string_view lines, std::size_t most) noexcept {
  if (lines.size() <= most) return lines;
  std::size_t end = lines.rfind('\n', most - 1);
  if (end == lines.npos) end = std::min(lines.find('\n', most), lines.size() - 1);
  return lines.substr(0, end + 1);
}

} // namespace

lines_written whole_lines::append(int descriptor, std::string_view lines) noexcept {
  lines_written result;
  if (torn_ && leads_to_torn(descriptor)) {
    result.growth = write_all(descriptor, "\n", result.error);
    if (result.growth == 0) return result;
  }
  torn_ = false;
  const std::size_t most = lines.size() > PIPE_BUF && is_pipe(descriptor) ? PIPE_BUF : lines.size();
  while (result.taken < lines.size() && !result.error)
    result.taken += write_all(descriptor, first_piece(lines.substr(result.taken), most), result.error);
  result.growth += result.taken;
  if (result.taken < lines.size()) result.growth -= take_back(descriptor, lines.substr(0, result.taken));
  return result;
}

void whole_lines::begin(const struct stat& file, bool torn) noexcept {
  torn_ = torn;
  device_ = file.st_dev;
  inode_ = file.st_ino;
}

/// A standard descriptor may lead elsewhere by now.
bool whole_lines::leads_to_torn(int descriptor) const noexcept {
  struct stat status {};
  return ::fstat(descriptor, &status) == 0 && status.st_dev == device_ && status.st_ino == inode_;
}

/// Removes the part of a line that was written last, if it is still the file's end. Returns its bytes, if it has.
std::size_t whole_lines::take_back(int descriptor, std::string_view taken) noexcept {
  const std::size_t fragment = taken.size() - (taken.rfind('\n') + 1); // npos + 1 is 0: all of it
  if (fragment == 0) return 0;
  struct stat status {};
  const off_t end = ::lseek(descriptor, 0, SEEK_CUR);
  if (::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && status.st_size == end &&
      ::ftruncate(descriptor, end - static_cast<off_t>(fragment)) == 0) {
    ::lseek(descriptor, 0, SEEK_END); // without O_APPEND the next write would leave a hole
    return fragment;
  }
  begin(status, true);
  return 0;
}

} // namespace weir::detail
