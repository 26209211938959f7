// The bridge: a sink for spdlog's loggers that leads into a stream.
#pragma once

#include "weir/log/stream.hpp"

#include <spdlog/sinks/sink.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace weir {

namespace detail {
class logger_cache;
}

/// A sink for spdlog's loggers, alone or among other sinks: what they log goes into a stream. (The way back, from a
/// stream to spdlog's sinks, is spdlog_sink().)
///
/// A message becomes a record of the stream's logger of the same name ("main", if spdlog's logger has none), with its
/// level, its text, its source position if the call has one (spdlog's macros do), and the ids and fields of the
/// context that is current on the calling thread. Its time is that at which it reaches the stream, which puts it in
/// its place among all others: a little later than spdlog's own.
/// Levels: spdlog's come first, its logger's and then this sink's; after them weir's, the logger's of that name and
/// the stream's sinks'. What spdlog logs at level off, which it writes always, becomes critical.
/// Thread safety: all members are thread-safe; log() takes no lock, makes no system call and allocates nothing in
/// steady state. The stream's overflow policy decides whether it waits when memory is full.
/// Errors: log() does not throw. A record that cannot be taken is counted by the stream.
/// Lifetime: as long as you like; once the stream is closed, its records are counted as dropped.
/// Cost: spdlog formats the message and reads its clock, as for every sink; the bridge adds a search for the name and
/// a log call of weir's.
class spdlog_bridge final : public spdlog::sinks::sink {
 public:
  /// `flush_limit`: how long flush() may wait; 0 to 1 hour, default 5 s. Throws std::invalid_argument if it is out of
  /// range, std::bad_alloc.
  explicit spdlog_bridge(log_stream& stream, std::chrono::milliseconds flush_limit = std::chrono::seconds(5));
  ~spdlog_bridge() override;

  void log(const spdlog::details::log_msg& message) noexcept override;

  /// Waits until everything that was logged before has gone through the stream's sinks, as log_stream::flush(); this
  /// is what spdlog's flush(), flush_on() and flush_every() do. Throws spdlog::spdlog_ex when the limit passes, which
  /// spdlog's loggers hand to their error handler. Does nothing on a closed stream, from one of its sinks, or in a
  /// forked child. Cost: to the stream's thread and back, some 50 µs, and what the sinks take. log_options::flush_at
  /// has records of a level written at once without making their callers wait.
  void flush() override;

  /// Without effect, both: the stream's sinks have renderers of their own.
  void set_pattern(const std::string& pattern) override;
  void set_formatter(std::unique_ptr<spdlog::formatter> formatter) override;

  /// How many messages were turned back because they came from a stream by its spdlog_sink(): taking them would send
  /// them round and round.
  std::uint64_t turned_back() const noexcept;

 private:
  log_stream stream_; // a handle of its own: spdlog's registry lives longer than any stream in main()
  const std::chrono::milliseconds flush_limit_;
  const std::unique_ptr<detail::logger_cache> loggers_;
  std::atomic<std::uint64_t> turned_back_{0};
};

} // namespace weir
