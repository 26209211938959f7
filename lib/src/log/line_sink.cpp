// Sinks that write lines to a descriptor: the console and files.
#include "weir/log/sink.hpp"

#include "log/durable_file.hpp"
#include "weir/log/text_buffer.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

namespace weir {

line_sink::line_sink(std::string name, std::unique_ptr<renderer> renderer)
    : sink(std::move(name)), renderer_(std::move(renderer)), buffer_(std::make_unique<text_buffer>()) {
  if (renderer_ == nullptr)
    throw std::invalid_argument("sink " + std::string(this->name()) + ": the renderer is null");
}

line_sink::~line_sink() = default;

void line_sink::append(const record& entry) {
  const std::size_t begin = buffer_->size();
  try {
    renderer_->render(entry, *buffer_);
  } catch (...) {
    buffer_->resize(begin); // half a line is none
    throw;
  }
  ++pending_;
}

commit_result line_sink::commit() {
  if (pending_ == 0) return {};
  const std::string_view lines(buffer_->data(), buffer_->size());
  const std::size_t offered = std::exchange(pending_, 0);
  write_result result{};
  try {
    result = write(lines);
  } catch (...) {
    buffer_->clear();
    throw;
  }
  commit_result outcome{.lost = 0, .error = result.error};
  if (result.taken < lines.size()) {
    // One record is one line, so the lines that were taken are the records that were written.
    const auto whole = static_cast<std::size_t>(std::ranges::count(lines.substr(0, result.taken), '\n'));
    outcome.lost = offered - std::min(offered, whole);
  }
  buffer_->clear();
  return outcome;
}

namespace {

std::error_code last_error() noexcept { return {errno, std::system_category()}; }

/// Writes all of `bytes`, or as much as it can. A descriptor that was made non-blocking by somebody else is waited
/// for, up to a second at a time.
std::size_t write_all(int descriptor, std::string_view bytes, std::error_code& error) noexcept {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = ::write(descriptor, bytes.data() + done, bytes.size() - done);
    if (n > 0) {
      done += static_cast<std::size_t>(n);
    } else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      pollfd ready{.fd = descriptor, .events = POLLOUT, .revents = 0};
      if (::poll(&ready, 1, 1000) == 0) {
        error = std::make_error_code(std::errc::timed_out);
        return done;
      }
    } else if (n == 0 || errno != EINTR) {
      error = n == 0 ? std::make_error_code(std::errc::io_error) : last_error();
      return done;
    }
  }
  return done;
}

class console final : public line_sink {
 public:
  console(int descriptor, std::string name, std::unique_ptr<renderer> renderer)
      : line_sink(std::move(name), std::move(renderer)), descriptor_(descriptor) {}

 private:
  write_result write(std::string_view lines) override {
    write_result result;
    result.taken = write_all(descriptor_, lines, result.error);
    return result;
  }

  int descriptor_;
};

class file final : public line_sink {
 public:
  file(const std::string& path, std::unique_ptr<renderer> renderer)
      : line_sink(path, std::move(renderer)),
        location_(std::filesystem::absolute(path)),
        descriptor_(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644)) {
    if (descriptor_ < 0) throw std::system_error(last_error(), "log file " + path);
  }
  ~file() override { ::close(descriptor_); }
  file(const file&) = delete;
  file& operator=(const file&) = delete;

  std::error_code sync() override {
    if (!entered_) { // once: the file may be new, and then its name has to last, too
      if (const std::error_code error = detail::sync_directory_of(location_)) return error;
      entered_ = true;
    }
    return detail::sync_data(descriptor_);
  }

 private:
  write_result write(std::string_view lines) override {
    write_result result;
    if (torn_) { // the fragment of an earlier line that could not be taken back is at least ended
      if (write_all(descriptor_, "\n", result.error) == 0) return result;
      torn_ = false;
    }
    result.taken = write_all(descriptor_, lines, result.error);
    if (result.taken < lines.size()) take_back(lines.substr(0, result.taken));
    return result;
  }

  /// Removes the part of a line that was written last, if it is still the file's end.
  void take_back(std::string_view taken) noexcept {
    const std::size_t fragment = taken.size() - (taken.rfind('\n') + 1); // npos + 1 is 0: all of it
    if (fragment == 0) return;
    struct stat status {};
    const off_t end = ::lseek(descriptor_, 0, SEEK_CUR);
    torn_ = !(::fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode) && status.st_size == end &&
              ::ftruncate(descriptor_, end - static_cast<off_t>(fragment)) == 0);
  }

  const std::filesystem::path location_; // absolute: the program may change its working directory
  int descriptor_;
  bool torn_ = false;
  bool entered_ = false; // the directory is known to have it on the disk
};

} // namespace

std::shared_ptr<sink> console_sink(console_stream stream, std::unique_ptr<renderer> renderer) {
  return stream == console_stream::output
             ? std::make_shared<console>(STDOUT_FILENO, "standard output", std::move(renderer))
             : std::make_shared<console>(STDERR_FILENO, "standard error", std::move(renderer));
}

std::shared_ptr<sink> file_sink(const std::string& path, std::unique_ptr<renderer> renderer) {
  return std::make_shared<file>(path, std::move(renderer));
}

} // namespace weir
