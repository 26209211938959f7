// The sink: where records go.
#pragma once

#include "weir/log/level.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace weir {

class record;
namespace detail {
class delivery;
class sink_call;
class sink_ownership;
} // namespace detail

/// What became of the records appended since the last commit.
struct commit_result {
  std::size_t lost = 0;          // of the records appended last
  std::error_code error{};       // why; without a loss, what else went wrong
  std::string_view attempt = {}; // what failed, where it was not the writing; a literal
};

/// What became of the records that were meant for a sink. Lines of the stream's own, which report losses, are none.
struct sink_stats {
  std::uint64_t offered = 0; ///< at or above its threshold, and not declined
  std::uint64_t lost = 0;    ///< of these, refused or not written
  std::uint64_t errors = 0;  ///< failed appends and commits
  std::uint64_t written() const noexcept { return offered - lost; }
};

/// A destination. All members but those marked thread-safe are backend-thread-only, so a sink belongs to one stream,
/// or to the sink that wraps it, until that is closed or gone: whoever else is given it throws std::invalid_argument.
/// In a forked child it still belongs to the parent's stream: make new ones there.
/// A sink that throws or fails harms no other: what it did not take is counted as dropped, and the next batch is
/// offered to it again. One that may block for long belongs on_own_thread().
class sink {
 public:
  explicit sink(std::string name) : name_(std::move(name)) {}
  sink(const sink&) = delete;
  sink& operator=(const sink&) = delete;
  virtual ~sink() = default;

  /// What it is called in reports. Thread-safe.
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

  /// Complete after a flush of the stream. Thread-safe.
  sink_stats stats() const noexcept {
    sink_stats all;
    // acquire: pairs with the release in count(); what is seen lost is seen offered.
    all.lost = lost_.load(std::memory_order_acquire);
    // relaxed, both: counters.
    all.offered = offered_.load(std::memory_order_relaxed);
    all.errors = errors_.load(std::memory_order_relaxed);
    return all;
  }

  /// Asks a sink that writes to a file to open its path anew before it writes the next record; others ignore it.
  /// Thread-safe; see reopen_log_files() for signal handlers.
  virtual void reopen() noexcept {}

  /// Takes one record, at least into its buffer, or declines it. Throwing means that this record is lost.
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

 protected:
  /// For a sink that learns of losses after the commit that took the records. Thread-safe.
  void count(std::uint64_t offered, std::uint64_t lost, std::uint64_t errors) noexcept {
    // relaxed, both: counters.
    offered_.fetch_add(offered, std::memory_order_relaxed);
    errors_.fetch_add(errors, std::memory_order_relaxed);
    // release: pairs with the acquire in stats().
    if (lost != 0) lost_.fetch_add(lost, std::memory_order_release);
  }
  /// Whether what was appended since the last commit is a line of the stream's own, which stats() leave out.
  bool is_announcement() const noexcept { return announcing_; }
  /// For append(): the record is none of this sink's. It is then neither offered nor lost, as one below the
  /// threshold.
  void decline() noexcept { declined_ = true; }

 private:
  friend class detail::delivery; // counts what it offers
  friend class detail::sink_call;
  friend class detail::sink_ownership;

  std::string name_;
  std::atomic<level> threshold_{level::trace};
  std::atomic<std::uint64_t> offered_{0}, lost_{0}, errors_{0};
  std::atomic<bool> owned_{false};
  // Its owner's thread.
  bool announcing_ = false;
  bool declined_ = false; // by the append() that has just returned
};

} // namespace weir
