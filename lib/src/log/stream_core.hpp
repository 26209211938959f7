// What a stream consists of: shared by its handle, its loggers, the threads that have logged, and the backend.
#pragma once

#include "log/blocked_time.hpp"
#include "log/chunk_pool.hpp"
#include "log/distribution.hpp"
#include "log/doorbell.hpp"
#include "log/flight_recorder.hpp"
#include "log/flush_requests.hpp"
#include "log/fork.hpp"
#include "log/lanes.hpp"
#include "log/level_table.hpp"
#include "log/losses.hpp"
#include "log/sink_ownership.hpp"
#include "log/suppressed_statements.hpp"
#include "weir/log/clock.hpp"
#include "weir/log/producer.hpp"
#include "weir/log/stream.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <system_error>
#include <thread>

namespace weir::detail {

/// The values of stream_front::asleep.
enum backend_state : std::uint32_t { awake = 0, sleeping = 1, closing = 2 };

class stream_core : public stream_front {
 public:
  explicit stream_core(log_options checked);

  /// But for the sinks, which are in the registry, and on_batch, which is the backend's.
  log_options options;
  chunk_pool pool;
  detail::lanes lanes{pool};
  doorbell bell;

  // Written by the backend.
  alignas(cache_line) std::atomic<std::uint64_t> drained{0};
  std::atomic<std::uint64_t> written{0};
  std::atomic<std::uint64_t> sink_errors{0};
  std::atomic<std::uint64_t> failed_syncs{0};
  distribution_counter<batch_bounds> batch_records;
  distribution_counter<io_bounds> write_time, flush_time, sync_time;
  /// The backend has ended: threads that have logged here may forget the stream.
  std::atomic<bool> finished{false};
  // Written by producers, on their slow path only, and by the backend.
  alignas(cache_line) std::atomic<std::uint64_t> dropped[drop_reasons]{};
  /// The number of the last producer. Each thread that logs here is one: one for each copy of the library it logs by.
  std::atomic<std::uint64_t> producers{0};
  loss_account losses[drop_reasons];
  blocked_time blocked;
  /// Statements that were held back where their thread had no chunk to count them in.
  std::atomic<std::uint64_t> suppressed_elsewhere{0};
  suppressed_statements limited;
  /// Published and not yet rendered: what the backend has seen, and since then what was left in chunks less what was
  /// rendered. As both overlap, it may even be negative for a moment.
  std::atomic<std::int64_t> queue_bytes{0};
  std::uint64_t pending_bytes() const noexcept {
    // relaxed: a statistic.
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, queue_bytes.load(std::memory_order_relaxed)));
  }

  void count_dropped(drop_reason reason, const loss& lost) noexcept {
    // release: pairs with the acquire below; who sees records lost by a sink sees them drained.
    dropped[static_cast<std::size_t>(reason)].fetch_add(lost.records, std::memory_order_release);
    losses[static_cast<std::size_t>(reason)].note(lost);
  }
  /// Counts one record that is lost at its call.
  void count_dropped(drop_reason reason) noexcept {
    const std::uint64_t now = record_clock_now();
    count_dropped(reason, {.records = 1, .first = now, .last = now});
  }
  std::uint64_t count_of(drop_reason reason) const noexcept {
    // acquire: as above.
    return dropped[static_cast<std::size_t>(reason)].load(std::memory_order_acquire);
  }

  /// Null without log_options::recorder.
  std::unique_ptr<flight_recorder> recorder;

  flush_requests flushes;
  /// What has become of all records up to now.
  log_mark totals() const noexcept;

  struct named_logger {
    named_logger(stream_core& core, std::string_view name, std::vector<std::size_t> sinks)
        : state{.name = std::string(name), .sinks = std::move(sinks)},
          front(core, state, level::off) {} // until set_levels_of()
    logger_state state;
    logger front;
    bool has_own_sinks = false;
  };
  // All sinks of all loggers, the default ones first; grows under the mutex, read by the backend from its own copy.
  // They are the stream's (sink_ownership.hpp) until the backend has ended, or there has been none.
  struct registry_state {
    ~registry_state() { sink_ownership::let_go(sinks); }
    std::mutex mutex;
    std::vector<std::shared_ptr<sink>> sinks;
    std::size_t default_sinks = 0;
    bool takes_sinks = true; // until the backend has ended
    std::map<std::string, named_logger, std::less<>> loggers;
    std::list<logger*> bound; // bound_loggers; their levels change with the others
    level_table levels{level::info};
  } registry;
  /// registry.sinks.size(), for the backend to see that its copy is old.
  std::atomic<std::size_t> sink_count{0};

  /// Applies all of the rules or, if it throws, none. Thread-safe.
  void change_levels(std::span<const level_rule> rules);
  /// What the levels say of a logger, which the caller, holding the registry's mutex, has just made or is to change.
  void set_levels_of(logger& one) noexcept;
  /// Has `bound`'s threshold follow the levels until its place is erased from registry.bound. Thread-safe.
  std::list<logger*>::iterator follow_levels(logger& bound);

  /// For others; its own knows it by of_this_thread.
  std::atomic<std::thread::id> backend_thread{};
  /// In a forked child, before anything else runs there.
  void end_in_child() noexcept;
  bool in_forked_child() const noexcept {
    // relaxed: set before the process had a second thread.
    return forked.load(std::memory_order_relaxed);
  }
  std::atomic<bool> forked{false};
  /// What the parent had counted as lost to a closed stream. Written in a forked child, before anything else runs.
  std::uint64_t closed_before_fork = 0;
  fork_guard in_children{*this};
  /// The stream whose backend this thread is; nullptr if it is none's.
  static inline constinit thread_local stream_core* of_this_thread = nullptr;
  bool on_backend_thread() const noexcept { return of_this_thread == this; }
  /// The other stream that this one's backend waits for. Under fork_guard's lock.
  const stream_core* waits_for = nullptr;
};

/// What was written and lost since then; complete is left to the caller.
flush_result result_since(const stream_core& core, const log_mark& since) noexcept;

/// What records that were lost between the marks were lost to. `by_sinks`: what a sink lost something to, most
/// lately.
std::error_code loss_between(const log_mark& since, const log_mark& now, std::error_code by_sinks) noexcept;

/// Says on standard error that a stream's end came before all was written; nothing if it did not, or if there was
/// nobody to write. `waited`: for the result. Less than the limit: what ran out of time was a sink, by a limit of its
/// own.
void report_unfinished(const flush_result& result, std::chrono::milliseconds limit,
                       std::chrono::steady_clock::duration waited) noexcept;
/// What the options and the environment say. Throws std::invalid_argument naming what is wrong in the options, and
/// says on standard error what is wrong in the environment.
level_table initial_levels(const log_options& options);

/// The backend thread's function.
void run_backend(const std::shared_ptr<stream_core>& core);

} // namespace weir::detail
