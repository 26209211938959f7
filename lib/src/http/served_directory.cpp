#include "weir/http/served_directory.hpp"

#include "last_error.hpp"
#include "weir/http/preconditions.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <limits>

namespace weir {
namespace {

/// The errors that say something of the name, not of the system.
std::error_code error_of_name() noexcept {
  switch (errno) {
  case EACCES:
  case ELOOP:
  case ENAMETOOLONG:
  case ENOENT:
  case ENOTDIR:
  case ENXIO:
  case EPERM:
    return std::make_error_code(std::errc::no_such_file_or_directory);
  default:
    return detail::last_error();
  }
}

/// A directory on the way; does not close the one where the way begins.
class step {
 public:
  explicit step(int root) noexcept : descriptor_(root), root_(root) {}
  step(const step&) = delete;
  step& operator=(const step&) = delete;
  ~step() { move_to(root_); }

  int get() const noexcept { return descriptor_; }
  void move_to(int next) noexcept {
    if (descriptor_ != root_) ::close(descriptor_);
    descriptor_ = next;
  }

 private:
  int descriptor_;
  const int root_;
};

using segment_text = std::array<char, NAME_MAX + 1>;

/// Takes the first segment off `path`, for the kernel.
segment_text take_segment(std::string_view& path) noexcept {
  segment_text text{};
  const std::string_view segment = path.substr(0, path.find('/'));
  std::ranges::copy(segment, text.begin());
  path.remove_prefix(std::min(path.size(), segment.size() + 1));
  return text;
}

file_facts facts_of(const struct stat& status) noexcept {
  return {.device = status.st_dev,
          .inode = status.st_ino,
          .size = static_cast<std::uint64_t>(status.st_size),
          .modified = std::chrono::sys_time<std::chrono::nanoseconds>(
              std::chrono::seconds(status.st_mtim.tv_sec) + std::chrono::nanoseconds(status.st_mtim.tv_nsec))};
}

int open_below(int directory, const char* name, int flags) noexcept {
  int opened;
  do {
    opened = ::openat(directory, name, flags | O_NOFOLLOW | O_CLOEXEC);
  } while (opened < 0 && errno == EINTR);
  return opened;
}

} // namespace

std::string make_entity_tag(const file_facts& facts, std::chrono::sys_seconds now, tag_parts parts) {
  const char* const front = facts.modified <= now - settling_time ? "" : "W/";
  const auto changed = static_cast<std::uint64_t>(facts.modified.time_since_epoch().count());
  if (parts == tag_parts::none) return fmt::format("{}\"{:x}-{:x}\"", front, facts.size, changed);
  return fmt::format("{}\"{:x}-{:x}-{:x}\"", front, facts.inode, facts.size, changed);
}

bool is_plain_path(std::string_view name) noexcept {
  if (name.find('\0') != name.npos) return false;
  for (;;) {
    const std::string_view segment = name.substr(0, name.find('/'));
    if (segment.empty() || segment == "." || segment == ".." || segment.size() > NAME_MAX) return false;
    if (segment.size() == name.size()) return true;
    name.remove_prefix(segment.size() + 1);
  }
}

served_file::~served_file() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool served_file::is_unchanged() const noexcept {
  struct stat status {};
  return ::fstat(descriptor_, &status) == 0 && facts_of(status) == facts_;
}

std::size_t served_file::read(std::uint64_t offset, std::span<char> into, std::error_code& error) const noexcept {
  error.clear();
  std::size_t done = 0;
  while (done < into.size() && offset + done <= std::uint64_t{std::numeric_limits<off_t>::max()}) {
    const ssize_t bytes =
        ::pread(descriptor_, into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) error = detail::last_error();
    if (bytes <= 0) break;
    done += static_cast<std::size_t>(bytes);
  }
  return done;
}

served_directory::served_directory(const std::string& path)
    : descriptor_(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {
  if (descriptor_ < 0) throw std::system_error(detail::last_error(), "cannot serve directory " + path);
}

served_directory::~served_directory() { ::close(descriptor_); }

served_file served_directory::open(std::string_view name, std::error_code& error) const noexcept {
  error = std::make_error_code(std::errc::no_such_file_or_directory);
  served_file file;
  if (!is_plain_path(name)) return file;
  step at(descriptor_);
  segment_text segment = take_segment(name);
  for (; !name.empty(); segment = take_segment(name)) {
    const int next = open_below(at.get(), segment.data(), O_PATH | O_DIRECTORY);
    if (next < 0) {
      error = error_of_name();
      return file;
    }
    at.move_to(next);
  }
  // First a look: opening a pipe or a device, even if it is closed at once, does something to its other end.
  struct stat status {};
  if (::fstatat(at.get(), segment.data(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    error = error_of_name();
    return file;
  }
  if (!S_ISREG(status.st_mode)) return file;
  // Should it have become a pipe in between, this does not wait for its other end.
  file.descriptor_ = open_below(at.get(), segment.data(), O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (file.descriptor_ < 0 || ::fstat(file.descriptor_, &status) != 0) {
    error = error_of_name();
    return {};
  }
  if (!S_ISREG(status.st_mode)) return {};
  file.facts_ = facts_of(status);
  error.clear();
  return file;
}

} // namespace weir
