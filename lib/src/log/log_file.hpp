// The file behind a sink: opened by its path, appended to in whole lines, opened anew when others have moved it.
#pragma once

#include "log/whole_lines.hpp"
#include "weir/log/file_sink.hpp"

#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <system_error>

namespace weir::detail {

/// Whether a symbolic link at the path is opened each time, or followed once: to be renamed is the file, not the
/// link.
enum class path_links : std::uint8_t { kept, followed };

/// Backend-thread-only, but for request_reopen().
class log_file {
 public:
  /// Throws std::invalid_argument for bad options, std::system_error naming the path when it cannot be opened.
  explicit log_file(file_options options, path_links links = path_links::kept);
  ~log_file();
  log_file(const log_file&) = delete;
  log_file& operator=(const log_file&) = delete;

  /// Absolute, and no link if those are followed.
  const std::string& path() const noexcept { return options_.path; }
  /// Bytes, as far as this object has seen the file; 0 of a pipe, a device and the like, which so never are to
  /// rotate.
  std::uint64_t size() const noexcept { return size_; }
  /// When the file was last written to, at the time it was opened.
  std::time_t modified_before() const noexcept { return modified_; }
  std::chrono::steady_clock::duration look_interval() const noexcept;

  /// Thread-safe.
  void request_reopen() noexcept;

  /// To be called before writes: opens the path anew if that was asked for, or if it leads elsewhere by now. On an
  /// error the old file stays open; write() takes nothing for it if it has been removed.
  std::error_code keep_at_path() noexcept;

  /// Renames the file and opens a new one at its path. On an error the old file stays open and, if possible, in
  /// place. What stands at the path and is no regular file is an error, and is left where it is; so is what stands
  /// at the target (std::errc::file_exists).
  std::error_code move_to(const std::string& target) noexcept;

  /// Appends lines, and returns how many bytes were taken; leaves no torn line behind in a regular file. A file that
  /// is known to be gone takes nothing; the error is then the one for which its path cannot be opened.
  std::size_t write(std::string_view lines, std::error_code& error) noexcept;

  /// Makes durable all that was written, to files that were left, too. Of a file that was removed nothing can be: it
  /// is an error, and the path is opened anew. So it is (ESTALE) if something was written of which it is not known
  /// that the path led to the file afterwards: whoever moved that may have copied it before, to remove it (gzip).
  std::error_code sync() noexcept;

 private:
  std::error_code open(int flags) noexcept;
  void leave(int descriptor) noexcept;
  std::error_code reopen() noexcept;
  bool take_request() noexcept;
  /// What the path leads to.
  enum class destination : std::uint8_t { this_file, another, nothing, unknown };
  destination look() const noexcept;
  bool leads_elsewhere() noexcept;
  bool is_displaced() const noexcept;
  bool is_removed() const noexcept;
  bool has_no_name() const noexcept;
  bool ends_torn() const noexcept;

  file_options options_;
  int descriptor_ = -1;
  bool regular_ = false;
  ::dev_t device_ = 0;
  ::ino_t inode_ = 0;
  std::uint64_t size_ = 0;
  std::time_t modified_ = 0;
  whole_lines lines_;

  bool entered_ = false;       // the directory is known to have it on the disk
  bool is_synced_ = false;     // somebody asks for syncs
  bool unsynced_ = false;      // the file has been written to since the last
  bool unvouched_ = false;     // and after its last write the path was not seen to lead to it
  bool left_behind_ = false;   // before that, a file was left, and may not be on the disk
  std::error_code left_error_; // why a file that was left is not

  std::atomic<bool> reopen_requested_{false};
  unsigned requests_seen_;
  std::error_code not_reopened_; // why what was asked for or seen to be needed is not done yet
  bool was_missing_ = false;
  std::chrono::steady_clock::time_point next_look_{};
};

} // namespace weir::detail
