// The files that a log file was before: their names, and which of them are kept.
#pragma once

#include "weir/log/rotating_file_sink.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace weir::detail {

/// Looks into the directory each time, so that nothing has to be remembered over a restart, and what others have
/// removed is not missed. May throw std::bad_alloc.
class rotated_files {
 public:
  /// `path` is the current file's, absolute.
  rotated_files(const std::string& path, const rotation_options& options);

  /// The name that the current file is to get, after whatever has to be renamed for it. `date` as in "2026-11-21".
  /// Nothing stands under that name: what is there and no regular file (a link, a FIFO, a directory) is passed over.
  /// On an error nothing is lost, and the next call takes up where this one ended: at once, if it is
  /// std::errc::file_exists or no_such_file_or_directory, as somebody else renames files here as well.
  std::string make_room(std::string_view date, std::error_code& error) const;

  /// Removes the oldest beyond what is kept, after make_room(date). Files of later dates are of a time when the clock
  /// was wrong; they go first.
  void remove_surplus(std::string_view date, std::error_code& error) const;

 private:
  struct rotated {
    std::string date;     // empty when named by number
    std::uint32_t number; // 0: none
    std::string name;
    std::uint64_t bytes = 0;
    bool is_ours = false; // a regular file; another's is left alone
  };
  std::optional<rotated> parse(std::string name) const;
  std::vector<rotated> list(std::error_code& error) const;
  std::string name_of(std::string_view date, std::uint32_t number) const;

  std::string directory_; // with the slash behind it
  std::string stem_, extension_;
  rotation_naming naming_;
  std::size_t keep_files_;
  std::uint64_t keep_bytes_;
};

} // namespace weir::detail
