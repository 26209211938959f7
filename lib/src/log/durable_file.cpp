#include "log/durable_file.hpp"

#include "last_error.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace weir::detail {

namespace {

/// Of a call that has just returned `status`.
std::error_code error_of(int status) noexcept {
  if (status == 0 || errno == EINVAL || errno == EROFS) return {}; // the last two: nothing that could be synced
  return last_error();
}

} // namespace

std::error_code sync_data(int descriptor) noexcept { return error_of(::fdatasync(descriptor)); }

std::error_code sync_directory_of(const std::filesystem::path& path) {
  const std::filesystem::path parent = path.parent_path();
  const int directory = ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return last_error();
  const std::error_code error = error_of(::fsync(directory));
  ::close(directory);
  return error;
}

} // namespace weir::detail
