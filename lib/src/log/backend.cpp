// The background thread: collects chunks, merges their records by time, renders them into the sinks, commits in
// batches.
//
//   round:  read the clock ── process-wide barrier ── look how far each producer is ── drain up to the horizon ──
//   commit
//
// Time order across threads is exact, not a matter of waiting long enough. A producer sets its chunk's `writing` bit
// before it reads the clock for a record. The backend reads the clock first and then makes all producers pass a
// memory barrier: a producer whose bit is not visible after it has not read its clock yet, so its next record is
// later than `now`.
#include "log/barrier.hpp"
#include "log/lanes.hpp"
#include "log/stream_core.hpp"
#include "log/wall_clock.hpp"
#include "weir/log/clock.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <string>
#include <vector>

namespace weir::detail {

namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

// Batches: large enough that a write's cost is spread, small enough that what was rendered is still in the cache when
// it is written.
constexpr std::size_t batch_records = 2048;
// After a round that found work the backend rests: records gather, and a producer need not wake it for each of them.
constexpr auto shortest_rest = 1ms, longest_rest = 8ms;
// After so many rounds in vain it sleeps until it is woken.
constexpr int idle_rounds_before_sleep = 8;
// Without process-wide barriers: how far the horizon stays behind the clock, and how often an idle backend looks.
constexpr auto grace = 1ms;
constexpr auto blind_sleep = 10ms;
constexpr auto report_interval = 1s;

class backend {
 public:
  explicit backend(stream_core& core) : core_(core), lanes_(core.pool) {}

  void run();

 private:
  struct batch_entry {
    const logger_state* logger;
    level severity;
  };

  bool round(); // true: everything up to the round's begin was taken
  void take(const record_header& header);
  void offer(const record& entry, const logger_state& logger);
  void commit();
  void mark_lost(std::size_t sink_index, std::size_t count);
  void note_sink_error(const sink& failing, std::string_view what, std::size_t lost);
  void report_drops();
  void answer_flushes(std::uint64_t horizon);
  void refresh_sinks();
  void rest(bool found_work, bool in_step);
  bool is_closing() const noexcept {
    // acquire: pairs with close().
    return core_.asleep.load(std::memory_order_acquire) == closing;
  }

  stream_core& core_;
  lanes lanes_;
  wall_clock clock_;
  std::vector<std::shared_ptr<sink>> sinks_;

  std::vector<batch_entry> batch_; // the records since the last commit
  std::vector<bool> batch_lost_;   // empty unless a sink has failed
  std::int64_t last_unix_ = 0;

  std::uint64_t horizon_ = 0;
  std::size_t drained_in_round_ = 0;
  int idle_rounds_ = 0;
  int starved_rounds_ = 0;

  std::uint64_t reported_drops_ = 0;
  steady_clock::time_point next_drop_report_{}, next_error_report_{};
  std::size_t unreported_losses_ = 0;
};

void backend::refresh_sinks() {
  // acquire: pairs with the release in get_logger(); a logger's sinks are listed before its first record.
  if (sinks_.size() == core_.sink_count.load(std::memory_order_acquire)) return;
  const std::lock_guard lock(core_.registry.mutex);
  sinks_ = core_.registry.sinks;
}

void backend::note_sink_error(const sink& failing, std::string_view what, std::size_t lost) {
  // relaxed: a counter that orders nothing.
  core_.sink_errors.fetch_add(1, std::memory_order_relaxed);
  unreported_losses_ += lost;
  const auto now = steady_clock::now();
  if (now < next_error_report_) return;
  next_error_report_ = now + report_interval;
  const std::string line =
      fmt::format("weir: sink {}: {} ({} records lost)\n", failing.name(), what, unreported_losses_);
  unreported_losses_ = 0;
  // Standard error is the last resort; if it is gone too, the counters still tell.
  [[maybe_unused]] const auto ignored = ::write(STDERR_FILENO, line.data(), line.size());
}

void backend::offer(const record& entry, const logger_state& logger) {
  for (const std::size_t index : logger.sinks) {
    sink& target = *sinks_[index];
    if (entry.severity() < target.threshold()) continue;
    try {
      target.append(entry);
    } catch (const std::exception& error) {
      if (batch_lost_.empty()) batch_lost_.resize(batch_records);
      if (!batch_.empty()) batch_lost_[batch_.size() - 1] = true;
      note_sink_error(target, error.what(), 1);
    } catch (...) {
      if (batch_lost_.empty()) batch_lost_.resize(batch_records);
      if (!batch_.empty()) batch_lost_[batch_.size() - 1] = true;
      note_sink_error(target, "unknown exception", 1);
    }
  }
}

void backend::take(const record_header& header) {
  const auto* after = reinterpret_cast<const std::byte*>(&header + 1);
  const correlation* ids = nullptr;
  if (header.correlated) {
    ids = reinterpret_cast<const correlation*>(after);
    after += sizeof(correlation);
  }
  batch_.push_back({header.logger, header.site->severity});
  last_unix_ = clock_.unix_nanoseconds(header.ticks);
  offer(record(*header.site, after, header.logger->name, last_unix_, ids, header.cut), *header.logger);
  ++drained_in_round_;
  if (batch_.size() == batch_records) commit();
}

/// The last `count` records that went to sink `index` are lost. Records that the sink had not been offered are passed
/// over.
void backend::mark_lost(std::size_t index, std::size_t count) {
  if (batch_lost_.empty()) batch_lost_.resize(batch_records);
  for (std::size_t i = batch_.size(); i-- > 0 && count > 0;) {
    const batch_entry& entry = batch_[i];
    const bool offered = std::ranges::find(entry.logger->sinks, index) != entry.logger->sinks.end() &&
                         entry.severity >= sinks_[index]->threshold();
    if (!offered) continue;
    batch_lost_[i] = true;
    --count;
  }
}

void backend::commit() {
  const auto begun = steady_clock::now();
  for (std::size_t index = 0; index < sinks_.size(); ++index) {
    sink& target = *sinks_[index];
    try {
      const commit_result result = target.commit();
      if (result.lost != 0) mark_lost(index, result.lost);
      if (result.error) note_sink_error(target, result.error.message(), result.lost);
    } catch (const std::exception& error) {
      mark_lost(index, batch_.size());
      note_sink_error(target, error.what(), batch_.size());
    } catch (...) {
      mark_lost(index, batch_.size());
      note_sink_error(target, "unknown exception", batch_.size());
    }
  }
  std::size_t lost = 0;
  for (std::size_t i = 0; i < batch_lost_.size(); ++i) lost += i < batch_.size() && batch_lost_[i];
  const batch_report report{.records = batch_.size(), .lost = lost, .write_time = steady_clock::now() - begun};
  if (lost != 0) core_.count_dropped(drop_reason::sink, lost);
  // relaxed, both: counters; a flush orders them for its caller with its mutex.
  core_.written.fetch_add(batch_.size() - lost, std::memory_order_relaxed);
  core_.drained.fetch_add(batch_.size(), std::memory_order_relaxed);
  batch_.clear();
  batch_lost_.clear();
  if (core_.options.on_batch && report.records != 0) core_.options.on_batch(report);
}

/// The log itself says that it is incomplete. These lines are the stream's own and are not counted as records.
void backend::report_drops() {
  std::uint64_t dropped = 0;
  for (const auto reason :
       {drop_reason::queue_full, drop_reason::too_many_threads, drop_reason::unrenderable, drop_reason::sink})
    dropped += core_.count_of(reason);
  if (dropped == reported_drops_ || steady_clock::now() < next_drop_report_) return;
  next_drop_report_ = steady_clock::now() + report_interval;

  static constexpr auto site = [] {
    return statement{level::warn, "{} records dropped, {} in all", __FILE__, __LINE__};
  };
  std::byte arguments[2 * sizeof(std::uint64_t)];
  codec<std::uint64_t>::write(codec<std::uint64_t>::write(arguments, dropped - reported_drops_), dropped);
  reported_drops_ = dropped;

  logger_state everywhere;
  for (std::size_t i = 0; i < core_.options.sinks.size(); ++i) everywhere.sinks.push_back(i);
  offer(record(site_of<std::remove_const_t<decltype(site)>, std::uint64_t, std::uint64_t>, arguments, "weir",
               clock_.unix_nanoseconds(record_clock_now()), nullptr, 0),
        everywhere);
  commit();
}

void backend::answer_flushes(std::uint64_t horizon) {
  std::unique_lock lock(core_.flushes.mutex);
  const std::uint64_t asked = core_.flushes.requested;
  if (asked <= core_.flushes.done || horizon < asked) return;
  lock.unlock();
  for (const auto& each : sinks_) {
    try {
      each->flush();
    } catch (const std::exception& error) {
      note_sink_error(*each, error.what(), 0);
    }
  }
  lock.lock();
  core_.flushes.done = asked;
  core_.flushes.answered.notify_all();
}

bool backend::round() {
  const std::uint64_t now = record_clock_now();
  const bool exact = process_wide_barrier();
  lanes_.collect();
  refresh_sinks();
  std::uint64_t upto = now;
  if (!exact) {
    // A nanosecond is at most some ticks; a little too much only makes the log a little later.
    upto -= static_cast<std::uint64_t>(std::chrono::nanoseconds(grace).count()) * 4;
  }
  const std::uint64_t horizon = std::max(horizon_, lanes_.look(upto));
  clock_.keep_in_step(horizon_);
  // relaxed: a statistic.
  core_.queue_bytes.store(lanes_.pending_bytes(), std::memory_order_relaxed);

  drained_in_round_ = 0;
  lanes_.drain(horizon, [this](const record_header& header) { take(header); });
  commit();
  report_drops();
  horizon_ = horizon;
  // relaxed: a statistic.
  core_.queue_bytes.store(0, std::memory_order_relaxed);
  answer_flushes(horizon);
  return horizon >= now;
}

void backend::rest(bool found_work, bool in_step) {
  if (found_work || !in_step) {
    idle_rounds_ = 0;
    starved_rounds_ = 0;
    if (!in_step) {
      std::this_thread::yield(); // to the producer that is in the middle of a record
    } else if (drained_in_round_ < batch_records) {
      core_.bell.sleep_for(shortest_rest);
    }
    return;
  }
  // Producers that wait although everything is drained wait for nothing: all chunks are other threads' open ones.
  // Twice, since one may have begun to wait just when the last chunk was released.
  if (core_.pool.waiters() != 0 && ++starved_rounds_ > 1) core_.pool.refuse_waiters();

  if (++idle_rounds_ <= idle_rounds_before_sleep) {
    core_.bell.sleep_for(std::min<std::chrono::microseconds>(shortest_rest * idle_rounds_, longest_rest));
    return;
  }
  std::uint32_t expected = awake;
  // release: pairs with the acquire in wake_backend(). Fails if the stream has begun to close.
  if (!core_.asleep.compare_exchange_strong(expected, sleeping, std::memory_order_release, std::memory_order_relaxed))
    return;
  const bool exact = process_wide_barrier();
  lanes_.collect();
  if (!lanes_.has_news()) {
    if (exact)
      core_.bell.sleep();
    else
      core_.bell.sleep_for(blind_sleep);
  }
  expected = sleeping;
  // relaxed: whoever published meanwhile may have set it back already.
  core_.asleep.compare_exchange_strong(expected, awake, std::memory_order_relaxed);
  idle_rounds_ = 0;
}

void backend::run() {
  batch_.reserve(batch_records);
  while (!is_closing()) {
    const bool in_step = round();
    rest(drained_in_round_ != 0, in_step);
  }
  // Every record published before the flag was seen is in the first round that is in step; one more finds what was
  // published by threads that had not seen it yet.
  lanes_.keep_chunks();
  for (int clean = 0; clean < 2;) {
    if (round() && drained_in_round_ == 0) ++clean;
  }
  answer_flushes(UINT64_MAX);
}

} // namespace

void run_backend(const std::shared_ptr<stream_core>& core) {
  // relaxed: read only to compare with the reader's own id, which this thread has stored if it is equal.
  core->backend_thread.store(std::this_thread::get_id(), std::memory_order_relaxed);
  backend(*core).run();
  // release: pairs with the acquire in wake_backend(); the positions in the chunks are final.
  core->finished.store(true, std::memory_order_release);
  const std::lock_guard lock(core->flushes.mutex);
  core->flushes.over = true;
  core->flushes.answered.notify_all();
}

} // namespace weir::detail
