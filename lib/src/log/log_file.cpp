#include "log/log_file.hpp"

#include "last_error.hpp"
#include "log/durable_file.hpp"
#include "log/option_check.hpp"
#include "log/rename_if_free.hpp"
#include "log/reopen.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

namespace weir::detail {

namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

// How soon what has failed is tried again by a sink that does not look.
constexpr auto retry_interval = 1s;

/// Of what was written to a file that the path did not lead to any more: nobody knows whether it survives.
std::error_code moved_away() noexcept { return {ESTALE, std::system_category()}; }

file_options checked(file_options options) {
  if (options.path.empty()) throw std::invalid_argument("file_options.path is empty");
  if (const auto zero = options.path.find('\0'); zero != options.path.npos)
    throw std::invalid_argument(fmt::format("file_options.path is {}, with a zero byte behind that",
                                            std::string_view(options.path).substr(0, zero)));
  if (options.mode > 0777)
    throw std::invalid_argument(fmt::format("file_options.mode is 0{:o}: it must be from 0 to 0777", options.mode));
  check_enumerator("file_options.start", options.start, file_start::truncate);
  if (options.look_interval)
    check_option<std::int64_t>("file_options.look_interval (ms)", options.look_interval->count(), 0, 3'600'000);
  return options;
}

/// open(2), but never a standard descriptor, should the program have been started with one of those closed: what
/// others print would be in the file.
int open_above_standard(const char* path, int flags, unsigned mode) noexcept {
  int fresh;
  do {
    fresh = ::open(path, flags, mode);
  } while (fresh < 0 && errno == EINTR);
  if (fresh < 0 || fresh > STDERR_FILENO) return fresh;
  const int higher = ::fcntl(fresh, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  const int error = errno;
  ::close(fresh);
  errno = error;
  return higher;
}

/// Where the symbolic link at `path` leads in the end, whether anything is there or not; `path` if it is none, or if
/// its text does not say it (those of /proc/self/fd).
std::string behind_links(const std::string& path) {
  namespace fs = std::filesystem;
  constexpr int most_links = 40; // as the kernel follows
  fs::path at = path;
  std::error_code ignored; // what cannot be read is opened as it is, which says why it cannot be
  for (int links = 0; links < most_links && fs::is_symlink(at, ignored); ++links)
    at = at.parent_path() / fs::read_symlink(at, ignored); // an absolute one replaces all of it
  const bool is_there = fs::exists(path, ignored);
  return is_there && !fs::equivalent(path, at, ignored) ? path : at.string();
}

} // namespace

log_file::log_file(file_options options, path_links links)
    : options_(checked(std::move(options))), requests_seen_(detail::reopen_requests()) {
  const std::string given = options_.path;
  options_.path = std::filesystem::absolute(given).string();
  if (links == path_links::followed) options_.path = behind_links(options_.path);
  if (const auto error = open(options_.start == file_start::truncate ? O_TRUNC : 0))
    throw std::system_error(error, "log file " + given);
}

log_file::~log_file() { ::close(descriptor_); }

steady_clock::duration log_file::look_interval() const noexcept {
  return options_.look_interval ? steady_clock::duration(*options_.look_interval) : retry_interval;
}

void log_file::request_reopen() noexcept {
  // relaxed: who logs after this call publishes its record later, and the backend sees both.
  reopen_requested_.store(true, std::memory_order_relaxed);
}

std::error_code log_file::open(int flags) noexcept {
  try {
    if (options_.create_directories) {
      std::error_code ignored; // what is missing shows below
      std::filesystem::create_directories(std::filesystem::path(options_.path).parent_path(), ignored);
    }
  } catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
  }
  const int fresh =
      open_above_standard(options_.path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | flags, options_.mode);
  struct stat status {};
  if (fresh < 0 || ::fstat(fresh, &status) != 0) {
    const std::error_code error = last_error();
    if (fresh >= 0) ::close(fresh);
    return error;
  }
  if (descriptor_ >= 0) leave(descriptor_);
  descriptor_ = fresh;
  regular_ = S_ISREG(status.st_mode);
  device_ = status.st_dev;
  inode_ = status.st_ino;
  size_ = regular_ ? static_cast<std::uint64_t>(status.st_size) : 0;
  modified_ = status.st_mtime;
  lines_.begin(status, ends_torn());
  was_missing_ = entered_ = unsynced_ = unvouched_ = false;
  not_reopened_.clear();
  return {};
}

/// Where nobody asks for syncs a file is not synced when it is left, either: for a large one that would take seconds.
void log_file::leave(int descriptor) noexcept {
  if (is_synced_) {
    if (const std::error_code error = sync_data(descriptor)) left_error_ = error;
  } else {
    left_behind_ = true;
  }
  if (unsynced_ && is_removed())
    left_error_ = std::make_error_code(std::errc::no_such_file_or_directory);
  else if (is_synced_ && unvouched_ && !left_error_)
    left_error_ = moved_away();
  ::close(descriptor);
}

std::error_code log_file::sync() noexcept {
  is_synced_ = true;
  if (is_removed()) { // what it was to make durable is gone
    if (const std::error_code error = reopen()) return error;
    if (!left_error_) left_error_ = std::make_error_code(std::errc::no_such_file_or_directory);
  } else if (unvouched_ && is_displaced() && !left_error_) {
    left_error_ = moved_away();
  }
  unvouched_ = false;
  if (std::exchange(left_behind_, false) && ::syncfs(descriptor_) != 0) left_error_ = last_error();
  if (left_error_) return std::exchange(left_error_, {});
  try {
    if (!entered_) { // once: the file may be new, and then its name has to last, too
      if (const std::error_code error = sync_directory_of(options_.path)) return error;
      entered_ = true;
    }
  } catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
  }
  const std::error_code error = sync_data(descriptor_);
  if (!error) unsynced_ = false;
  return error;
}

/// Whether an earlier process has left the file without its last line feed.
bool log_file::ends_torn() const noexcept {
  if (!regular_ || size_ == 0) return false;
  const int reading = ::open(options_.path.c_str(), O_RDONLY | O_CLOEXEC);
  if (reading < 0) return false;
  char last = '\n';
  const ssize_t n = ::pread(reading, &last, 1, static_cast<off_t>(size_ - 1));
  ::close(reading);
  return n == 1 && last != '\n';
}

log_file::destination log_file::look() const noexcept {
  struct stat there {};
  if (::stat(options_.path.c_str(), &there) != 0)
    return errno == ENOENT || errno == ENOTDIR ? destination::nothing : destination::unknown;
  return there.st_dev == device_ && there.st_ino == inode_ ? destination::this_file : destination::another;
}

bool log_file::has_no_name() const noexcept {
  struct stat here {};
  return ::fstat(descriptor_, &here) == 0 && here.st_nlink == 0;
}

/// Whether the file that is open is gone.
bool log_file::is_removed() const noexcept {
  return regular_ && has_no_name() && look() != destination::this_file; // some file systems do not count names
}

/// Whether the path leads to another file, or to none, as far as that is known and is the sink's to look at.
bool log_file::is_displaced() const noexcept {
  if (!regular_ || !options_.look_interval) return false;
  const destination found = look();
  return found == destination::another || found == destination::nothing;
}

bool log_file::leads_elsewhere() noexcept {
  if (!regular_) return false;
  const destination found = look();
  if (found == destination::this_file || found == destination::another) was_missing_ = false;
  if (found != destination::nothing) return found == destination::another; // unknown: this file is as good as any
  // Moved, and nothing in its place: whoever moved it may be about to create one, and would fail if it were there.
  return has_no_name() || std::exchange(was_missing_, true);
}

bool log_file::take_request() noexcept {
  // relaxed: see request_reopen().
  const bool asked = reopen_requested_.load(std::memory_order_relaxed) &&
                     reopen_requested_.exchange(false, std::memory_order_relaxed);
  const unsigned requests = detail::reopen_requests();
  const bool all_asked = std::exchange(requests_seen_, requests) != requests;
  return regular_ && (asked || all_asked);
}

std::error_code log_file::reopen() noexcept {
  next_look_ = steady_clock::now() + look_interval();
  not_reopened_ = open(O_NONBLOCK); // lest a FIFO that has taken the path's place stops the backend
  return not_reopened_;
}

std::error_code log_file::keep_at_path() noexcept {
  if (take_request()) return reopen();
  if (!options_.look_interval && !not_reopened_) return {};
  const auto now = steady_clock::now();
  if (now < next_look_) // a record that somebody waits for had better not go to a file that was moved
    return is_synced_ && !not_reopened_ && regular_ && look() == destination::another ? reopen() : std::error_code();
  next_look_ = now + look_interval();
  return not_reopened_ || leads_elsewhere() ? reopen() : std::error_code();
}

std::error_code log_file::move_to(const std::string& target) noexcept {
  struct stat there {};
  if (::lstat(options_.path.c_str(), &there) == 0 && !S_ISREG(there.st_mode)) // a device, a link to one of /proc
    return std::make_error_code(std::errc::operation_not_supported);
  const std::error_code failure = detail::rename_if_free(options_.path, target);
  // Where nothing is there, somebody else has moved it.
  if (failure && failure != std::errc::no_such_file_or_directory) return failure;
  const std::error_code error = open(O_NONBLOCK);
  if (error && !failure) static_cast<void>(detail::rename_if_free(target, options_.path));
  return error;
}

std::size_t log_file::write(std::string_view lines, std::error_code& error) noexcept {
  if (not_reopened_ && is_removed()) { // what it took would be gone, and would count as written
    error = not_reopened_;
    return 0;
  }
  const lines_written result = lines_.append(descriptor_, lines);
  error = result.error;
  if (regular_) size_ += result.growth;
  if (result.taken != 0) {
    unsynced_ = true;
    unvouched_ = !is_synced_ || is_displaced();
  }
  return result.taken;
}

} // namespace weir::detail
