#include "download.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>

namespace {

constexpr std::size_t chunk_bytes = 64 * 1024;

struct open_file {
  explicit open_file(int opened) : descriptor(opened) {}
  ~open_file() {
    if (descriptor >= 0) ::close(descriptor);
  }
  open_file(const open_file&) = delete;
  open_file& operator=(const open_file&) = delete;
  const int descriptor;
};

/// A name is one path segment, and not one of the two that lead elsewhere; a NUL would cut it short for the kernel.
bool is_file_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find_first_of(std::string_view("/\0", 2)) == name.npos;
}

} // namespace

download_directory::download_directory(const std::string& path)
    : descriptor_(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (descriptor_ < 0) throw std::system_error(errno, std::system_category(), "cannot serve directory " + path);
}

download_directory::~download_directory() { ::close(descriptor_); }

boost::asio::awaitable<void> download_directory::operator()(weir::http_request& request,
                                                            weir::http_response& response) const {
  const std::string name(request.param("file"));
  // No links out of the directory, and no waiting for the other end of a pipe.
  const open_file file(
      is_file_name(name) ? ::openat(descriptor_, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) : -1);
  struct stat status {};
  if (file.descriptor < 0 || ::fstat(file.descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
    response.error(404, "no such file");
    co_return;
  }

  response.header("Content-Type", "application/octet-stream");
  if (co_await response.start(static_cast<std::uint64_t>(status.st_size))) co_return;
  const auto buffer = std::make_unique<char[]>(chunk_bytes);
  for (off_t offset = 0; offset < status.st_size && request.method() != "HEAD";) {
    const ssize_t bytes = ::pread(file.descriptor, buffer.get(), chunk_bytes, offset);
    // The length has been promised; the session closes a connection on which less was sent.
    if (bytes < 0) throw std::system_error(errno, std::system_category(), "reading " + name);
    if (bytes == 0) throw std::runtime_error(name + " has become shorter while it was sent");
    if (co_await response.write(boost::asio::buffer(buffer.get(), static_cast<std::size_t>(bytes)))) co_return;
    offset += bytes;
  }
}
