// Renames a file without overwriting another.
#pragma once

#include <fcntl.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>

namespace weir::detail {

/// Fails with std::errc::file_exists if something stands under the new name, however late it came there. (On a file
/// system that cannot do that, such as NFS, it is overwritten.)
inline std::error_code rename_if_free(const std::string& from, const std::string& to) noexcept {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return {};
  const bool is_unknown = errno == EINVAL || errno == ENOSYS;
  if (is_unknown && std::rename(from.c_str(), to.c_str()) == 0) return {};
  return {errno, std::generic_category()};
}

} // namespace weir::detail
