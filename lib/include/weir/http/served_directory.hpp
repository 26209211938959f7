// Files that a server gives away: opened below one directory and nowhere else.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace weir {

/// What is known of a file without reading it.
struct file_facts {
  std::uint64_t device = 0; ///< of the file system; may be another after a restart
  std::uint64_t inode = 0;
  std::uint64_t size = 0; ///< in bytes
  std::chrono::sys_time<std::chrono::nanoseconds> modified{};
  friend bool operator==(const file_facts&, const file_facts&) = default;
};

/// What names a file's state, besides its size and its time of modification.
enum class tag_parts : std::uint8_t {
  /// The inode: a file that takes the place of another has another tag. So have its copies, on other hosts that serve
  /// them, and on the same one when it is deployed anew.
  inode,
  /// Nothing: copies have one tag wherever their times are the same to the nanosecond, as far as those who copy keep
  /// them. Files of one size with one time have one, too, be they different, as where all times are set to the same:
  /// then a client that resumes puts parts of both together.
  none,
};

/// The entity tag, quotes included, of a file with these facts: inode, if wanted, size and time of modification in
/// hexadecimal. It changes when the file is written to, and, see tag_parts, when it is replaced. Strong, but weak
/// while the settling time after a change, which may hide another one behind the same time stamp, is not over, or if
/// the change lies in the future. Errors: std::bad_alloc.
std::string make_entity_tag(const file_facts& facts, std::chrono::sys_seconds now,
                            tag_parts parts = tag_parts::inode);

/// Whether `name`, percent-decoded, is a relative path of plain names: not empty, no empty segment, so no slash at
/// either end, none that is `.` or `..` or longer than 255 bytes, no NUL. Thread-safe; allocates nothing.
bool is_plain_path(std::string_view name) noexcept;

/// A regular file that is open for reading, or none. Movable. Thread-compatible.
class served_file {
 public:
  served_file() noexcept = default;
  served_file(served_file&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), facts_(other.facts_) {}
  served_file& operator=(served_file&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(facts_, other.facts_);
    return *this;
  }
  ~served_file();

  bool is_open() const noexcept { return descriptor_ >= 0; }
  /// As they were when it was opened, of what was opened.
  const file_facts& facts() const noexcept { return facts_; }
  /// Whether they still hold. Cost: a system call.
  bool is_unchanged() const noexcept;
  /// Reads at `offset` into `into`; blocks for as long as the disk takes. Result: the number of bytes, less than
  /// asked for only at the file's end or with an error.
  std::size_t read(std::uint64_t offset, std::span<char> into, std::error_code& error) const noexcept;

 private:
  friend class served_directory;
  int descriptor_ = -1;
  file_facts facts_;
};

/// A directory, opened once: names are looked up in this directory even if its path is given to another later.
/// Thread-safe.
class served_directory {
 public:
  /// Errors: throws std::system_error naming the path if it cannot be opened.
  explicit served_directory(const std::string& path);
  ~served_directory();
  served_directory(const served_directory&) = delete;
  served_directory& operator=(const served_directory&) = delete;

  /// Opens the regular file `name`, segment by segment: symbolic links are followed nowhere, neither out of the
  /// directory nor within it, so that no change of the tree meanwhile leads elsewhere. Mounts are.
  /// Errors: std::errc::no_such_file_or_directory, and a file that is not open, for whatever is not to be served: no
  /// plain path, not there, not readable, a link, a directory, a pipe, a socket, a device. Others, out of descriptors
  /// for instance, as the system gives them.
  /// Cost: two system calls a segment, one more for the last; allocates nothing.
  served_file open(std::string_view name, std::error_code& error) const noexcept;

 private:
  int descriptor_;
};

} // namespace weir
