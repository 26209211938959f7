// Sinks: where records go.
#pragma once

#include "weir/log/level.hpp"
#include "weir/log/renderer.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

namespace spdlog::sinks {
class sink;
}

namespace weir {

/// What became of the records appended since the last commit.
struct commit_result {
  std::size_t lost = 0;  // of the records appended last
  std::error_code error; // why
};

/// A destination. All members but `threshold` are backend-thread-only. A sink that throws or fails harms no other:
/// what it did not take is counted as dropped, and the next batch is offered to it again.
class sink {
 public:
  explicit sink(std::string name) : name_(std::move(name)) {}
  sink(const sink&) = delete;
  sink& operator=(const sink&) = delete;
  virtual ~sink() = default;

  /// What it is called in reports.
  std::string_view name() const noexcept { return name_; }

  /// The lowest level this sink takes; trace by default. Thread-safe.
  level threshold() const noexcept {
    // relaxed: a threshold orders nothing.
    return threshold_.load(std::memory_order_relaxed);
  }
  void set_threshold(level lowest) noexcept {
    // relaxed: as above.
    threshold_.store(lowest, std::memory_order_relaxed);
  }

  /// Takes one record, at least into its buffer. Throwing means that this record is lost.
  virtual void append(const record& entry) = 0;
  /// Writes what was appended. Throwing means that all of it is lost.
  virtual commit_result commit() = 0;
  /// Hands on what the sink itself keeps back. Called when somebody waits for a flush, and by log_options' flush_at
  /// and flush_interval. Throwing means that it could not; it will be called again.
  virtual void flush() {}
  /// Makes durable all that was committed, as fdatasync(2) does; what flush() does comes first. Called when somebody
  /// waits for a sync and something was committed since the last that succeeded. A sink that leaves a file for
  /// another makes the one durable before. An error (returned, or thrown) means that nothing committed since the
  /// last success may be taken for durable; whoever waits is told so. The default is flush(): a sink without a disk,
  /// or that knows of none, such as a console or spdlog's, keeps nobody waiting.
  virtual std::error_code sync() {
    flush();
    return {};
  }

 private:
  std::string name_;
  std::atomic<level> threshold_{level::trace};
};

/// A sink that writes lines: renders into a buffer, and hands whole batches to the descriptor below.
class line_sink : public sink {
 public:
  line_sink(std::string name, std::unique_ptr<renderer> renderer);
  ~line_sink() override;
  void append(const record& entry) final;
  commit_result commit() final;

 protected:
  struct write_result {
    std::size_t taken = 0; // bytes
    std::error_code error;
  };
  /// Writes `lines`; what was taken counts in whole lines.
  virtual write_result write(std::string_view lines) = 0;

 private:
  std::unique_ptr<renderer> renderer_;
  std::unique_ptr<text_buffer> buffer_;
  std::size_t pending_ = 0;
};

/// Standard output or standard error. A closed pipe is an error, not a signal, if the process ignores SIGPIPE.
enum class console_stream { output, error };
std::shared_ptr<sink> console_sink(console_stream stream = console_stream::error,
                                   std::unique_ptr<renderer> renderer = as_text());

/// Appends to the file at `path`, which is created (mode 0644, less the umask) if it is not there.
/// A full device loses what does not fit, counted, and leaves no torn line behind in a regular file.
/// Errors: throws std::system_error naming the path when it cannot be opened.
std::shared_ptr<sink> file_sink(const std::string& path, std::unique_ptr<renderer> renderer = as_text());

/// Any spdlog sink (Debian's spdlog 1.10): syslog, systemd, tcp, rotating files, … It gets level, logger name, time,
/// source position and the message with fields and ids behind it, and formats with its own pattern.
/// Cost: spdlog's own per record, on the backend thread. Throws std::invalid_argument if `target` is null.
std::shared_ptr<sink> spdlog_sink(std::shared_ptr<spdlog::sinks::sink> target);

} // namespace weir
