// The stream: from loggers through chunks and one background thread to sinks.
#pragma once

#include "weir/log/flush_result.hpp"
#include "weir/log/level_rules.hpp"
#include "weir/log/logger.hpp"
#include "weir/log/overflow.hpp"
#include "weir/log/recording.hpp"
#include "weir/log/sink.hpp"
#include "weir/log/stats.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

/// What the backend did in one go; passed to log_options::on_batch.
struct batch_report {
  std::size_t records = 0;
  std::size_t lost = 0;
  std::chrono::nanoseconds write_time{}; // in the sinks' commit, all sinks together
};

/// How a stream is set up. A value outside its range makes the constructor throw std::invalid_argument naming it.
struct log_options {
  /// Where loggers write unless they are given sinks of their own. Default: standard error, as text. A sink that
  /// belongs to another stream is refused; it is free again when that has closed.
  std::vector<std::shared_ptr<sink>> sinks{};
  /// The lowest level that is logged, unless a logger has its own. Default: info.
  level threshold = level::info;
  /// Levels of loggers: `http=debug,http.client=off`, see parse_level_rules(). They come over `threshold`.
  std::string levels{};
  /// The environment variable whose rules come over `threshold` and `levels`, logger by logger. Default: empty, which
  /// is WEIR_LOG for the process's own stream (start_logging(), default_log()), and none for others. What is wrong in
  /// it is reported on standard error and the rest applied: an environment does not keep a program from starting.
  std::string levels_variable{};
  /// If set, recordings keep records below their level, and emit them if their work goes wrong; see recording.hpp.
  std::optional<recorder_options> recorder{};
  /// What new loggers do when the memory limit is reached; logger::set_overflow() changes it. Default: block.
  overflow_rule overflow = overflow_policy::block;
  /// The most that all chunks take together, bytes; 4 chunks to 64 GiB, default 64 MiB. Allocated as needed, then
  /// kept. Every thread that has logged holds one chunk, until they take 15/16 of the limit; threads beyond those log
  /// by allocating memory for each record, which costs some microseconds. Higher limits ride out longer bursts and
  /// slower disks.
  std::size_t memory_limit_bytes = std::size_t{64} << 20;
  /// One chunk, bytes; a power of two from 4 KiB to 1 MiB, default 128 KiB. Smaller ones are handed over more often
  /// and waste less on threads that log little: where more than 480 threads log, choose smaller ones, or a higher
  /// limit.
  std::size_t chunk_bytes = std::size_t{128} << 10;
  /// The largest record, bytes; 1 KiB to half the memory limit and at most 1 GiB. Default, 0: 1 MiB, or half the
  /// memory limit if that is less. The longest strings of larger ones are cut, with a mark.
  std::size_t record_limit_bytes = 0;
  /// Records at or above this level are written, and their sinks flushed, at once: the call wakes the backend, which
  /// otherwise lets records gather for 4 ms. Default: off, none. Lower levels wake it more often, at a system call
  /// each for the caller, and make smaller writes.
  level flush_at = level::off;
  /// The longest that a record may stay in the buffer of a sink that has one (spdlog's, say) before the sink is
  /// flushed; 0 (after every batch) to 1 hour, default 1 s. Sinks are flushed earlier when there is nothing else to
  /// do. weir's own file and console sinks keep nothing back.
  std::chrono::milliseconds flush_interval{1000};
  /// How long the stream's end (its destructor, or the process's exit) waits for the sinks; 0 to 1 hour, default 5 s.
  /// When that is not enough, standard error says so.
  std::chrono::milliseconds close_limit{5000};
  /// Called by the backend after every batch, e.g. to feed metrics. Must not throw or log; what it throws is reported
  /// as a sink's error.
  std::function<void(const batch_report&)> on_batch{};
};

namespace detail {
class stream_core;
}

/// Owns the chunks and the backend thread. All members are thread-safe.
class log_stream {
 public:
  explicit log_stream(log_options options = {});
  /// Closes with the option's limit.
  ~log_stream();
  log_stream(const log_stream&) = delete;
  log_stream& operator=(const log_stream&) = delete;

  /// Another handle to this stream, for what may outlive it, such as another library's global state. Its destructor
  /// closes nothing. Once the stream is closed, by close() or by the destructor of the first handle, the others and
  /// the loggers got from them stay valid: what is logged is counted as dropped.
  [[nodiscard]] log_stream share() const noexcept;

  /// The logger of that name, made on first use; the reference stays valid for the stream's life (that of its last
  /// handle). Names with dots make a tree: "http.client" is below "http", whether or not that exists, and that below
  /// the stream. A logger has the level of its nearest ancestor that has one (see logger::set_threshold()), and, from
  /// its creation on, the sinks of the nearest that has its own then. The second form gives a new logger sinks of its
  /// own, which may be those of other loggers of this stream. It throws std::invalid_argument if one of that name
  /// exists already, or if `sinks` is empty or holds a null pointer, one sink twice or another stream's. Cost: a lock
  /// and a search; keep the reference.
  logger& get_logger(std::string_view name);
  logger& get_logger(std::string_view name, std::vector<std::shared_ptr<sink>> sinks);

  /// Changes levels while the program runs, also those of loggers that do not exist yet: `debug,http.client=off`.
  /// All rules apply or, if one is wrong, none: throws std::invalid_argument naming it. Throws std::bad_alloc.
  /// Not async-signal-safe: a signal's work is to be handed to a thread. Cost: see logger::set_threshold().
  void set_levels(std::string_view rules);
  void set_levels(std::span<const level_rule> rules);

  /// The levels in force, as rules that set_levels() takes: the stream's, then those of loggers that have their own,
  /// by name. A name that no rule can give (level_rules.hpp), and set_threshold() can, is there as it is.
  std::string levels() const;

  /// The moment before which nothing matters to a later flush() or sync(). Take it before the first statement that is
  /// to be accounted for. Cost: some loads.
  log_mark mark() const noexcept;

  /// Waits until everything that was logged before the call has gone through the sinks and they are flushed, at most
  /// `limit`. Result: see flush_result; its counts are those since the mark. Losses do not make it incomplete: look
  /// at `lost`. Called from a sink or after close() it does not wait, and is not complete. Throws std::bad_alloc.
  flush_result flush(std::chrono::milliseconds limit = std::chrono::seconds(5), const log_mark& since = {});

  /// Waits until everything that was logged before the call is on the disk, at most `limit`: sinks are flushed and
  /// made to sync (see sink::sync()). All callers that wait at a time share one sync. Result: complete only if, since
  /// the mark, nothing was lost and no sync has failed. Without a mark that is since the stream's beginning: once a
  /// record is lost it is false for ever. With a mark, other threads' losses count, too; the error is on the safe
  /// side. Give records that must last a stream of their own, or none that may be dropped. Otherwise as flush().
  /// Cost: the disk's latency, and some 30 µs; nothing waits for the backend's rest.
  flush_result sync(std::chrono::milliseconds limit = std::chrono::seconds(5), const log_mark& since = {});

  /// sync() without waiting: `done` is called once, by the backend after the sync, or within this call if the stream
  /// is closed or this is a forked child. There is no limit: it ends when the sync does, or the stream. May be called
  /// from anywhere, from a sink or from `done` itself, too. `done` must not block; what it throws on the
  /// backend is reported as a sink's error. Throws std::bad_alloc, and has then done nothing.
  void async_sync(std::function<void(const flush_result&)> done, const log_mark& since = {});

  /// Writes what is queued and flushes the sinks, at most for `limit`, then stops the backend and releases the sinks;
  /// later records are counted as dropped. Result: see flush_result; its counts are those of the stream's whole life.
  /// If it is not complete in time, the backend goes on alone for as long as the process lives. Called from a sink it
  /// does not wait. Idempotent.
  flush_result close(std::chrono::milliseconds limit);

  /// Never waits for the backend or a sink: it is for metrics during an overload. Cost: some tens of loads, and one
  /// for each chunk.
  log_stats stats() const;

 private:
  friend class recording;

  log_stream(std::shared_ptr<detail::stream_core> core, bool closes) noexcept;
  flush_result wait_for(bool durable, std::chrono::milliseconds limit, const log_mark& since);

  std::shared_ptr<detail::stream_core> core_;
  bool closes_ = true; // the first handle's end is the stream's
};

/// Sets up the process's own stream. To be called before its first use; throws std::logic_error if it is in use
/// already.
log_stream& start_logging(log_options options);

/// The process's own stream, made with default options on first use. It is never destroyed; at exit, that of
/// std::quick_exit() too, it is flushed, with its close_limit.
log_stream& default_log();

/// default_log().get_logger("main"), or of another name.
logger& default_logger();

} // namespace weir
