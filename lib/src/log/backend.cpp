// The background thread: collects chunks, merges their records by time, renders them into the sinks, commits in
// batches.
//
//   round:  read the clock ── process-wide barrier ── look how far each producer is ── drain up to the horizon ──
//   commit
//
// Time order across threads is exact, not a matter of waiting long enough. The backend reads the clock, says so in
// `stale_until`, and then makes all producers pass a memory barrier. A producer sets its chunk's `writing` bit and
// then looks whether its own reading of the clock is above `stale_until`; if not, it reads the clock again. So one
// whose bit is not visible after the barrier sees `now` when it looks, and its next record is later.
#include "log/barrier.hpp"
#include "log/delivery.hpp"
#include "log/lanes.hpp"
#include "log/loss_report.hpp"
#include "log/stream_core.hpp"
#include "log/suppression_report.hpp"
#include "log/wall_clock.hpp"
#include "weir/log/clock.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <exception>
#include <memory>
#include <system_error>
#include <thread>
#include <vector>

namespace weir::detail {

namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

// A round that found as much as this has probably left more behind: the next one follows at once.
constexpr std::size_t busy_records = 2048;
// After a round that found work the backend rests: records gather, and a producer need not wake it for each of them.
constexpr auto shortest_rest = 4ms, longest_rest = 8ms;
// After so many rounds in vain it sleeps until it is woken.
constexpr int idle_rounds_before_sleep = 8;
// After so many rounds in vain producers that wait for a chunk are told that there will be none.
constexpr int starved_rounds_before_refusal = 8;
// So many times it merely yields to a producer that is in the middle of a record.
constexpr int yields_before_rest = 100;
// Without process-wide barriers: how far the horizon stays behind the clock, and how often an idle backend looks.
constexpr auto grace = 1ms;
constexpr auto blind_sleep = 10ms;

class backend {
 public:
  explicit backend(stream_core& core) : core_(core), lanes_(core.lanes), delivery_(core) {}

  last_errors run() noexcept;

 private:
  bool round();
  bool try_round() noexcept;
  void begin_anew() noexcept;
  /// Whether the record clock, which shows `now`, has begun anew since the last horizon.
  bool is_behind(std::uint64_t now) const noexcept {
    return horizon_ > now + static_cast<std::uint64_t>(clock_.second());
  }
  void take(const record_header& header, std::uint32_t thread_id) noexcept;
  bool overtake(std::uint64_t time) noexcept;
  void rest(bool found_work, bool in_step);
  void sleep();
  last_errors finish() noexcept;
  bool is_closing() const noexcept {
    // acquire: pairs with close().
    return core_.asleep.load(std::memory_order_acquire) == closing;
  }

  stream_core& core_;
  lanes& lanes_;
  delivery delivery_;
  wall_clock clock_;
  loss_report losses_{core_, delivery_, clock_};
  suppression_report suppressed_{core_, delivery_, clock_};

  std::uint64_t horizon_ = 0;
  std::size_t drained_in_round_ = 0;
  int idle_rounds_ = 0, starved_rounds_ = 0, rounds_out_of_step_ = 0;
  bool has_barriers_ = process_wide_barrier();
  bool has_begun_anew_ = false; // the record clock; see begin_anew()

  bool flush_now_ = false;               // a record of the level that wants that has come by
  steady_clock::time_point flush_due_{}; // of what sinks may have in their buffers
};

void backend::take(const record_header& header, std::uint32_t thread_id) noexcept {
  const auto* after = reinterpret_cast<const std::byte*>(&header + 1);
  correlation ids;
  if (header.correlated()) {
    std::memcpy(static_cast<void*>(&ids), after, recorded_ids);
    after += recorded_ids;
  }
  const bool traced = (ids.trace_id_high | ids.trace_id_low) != 0;
  const std::byte* const carried = header.carrying() ? after : nullptr;
  if (carried != nullptr) static_cast<void>(read_carried(after));
  ++drained_in_round_;
  if (header.severity() >= core_.flush_at) flush_now_ = true;
  try {
    const record entry(*header.site, header.severity(), after, header.logger->name,
                       clock_.unix_nanoseconds(header.ticks), traced ? &ids : nullptr, carried, header.cut(),
                       thread_id, header.recorded());
    delivery_.deliver(entry, header);
  } catch (const std::exception&) { // no memory for what its call site's records are rendered by
    core_.count_dropped(drop_reason::unrenderable, {.records = 1, .first = header.ticks, .last = header.ticks});
  }
}

/// Makes readings of the clock up to `time` stale. Returns whether everybody who uses such a one is by now seen to be
/// writing: false, and nobody uses any, where there are no process-wide barriers.
bool backend::overtake(std::uint64_t time) noexcept {
  // acquire: pairs with close(); who has replaced what it stored sees the stream closing.
  core_.stale_until.exchange(has_barriers_ ? time : UINT64_MAX, std::memory_order_acquire);
  // relaxed, of all three stores: the barrier is between them and what is looked at afterwards; pairs with
  // is_fresh().
  if (is_closing()) core_.stale_until.store(UINT64_MAX, std::memory_order_relaxed);
  if (has_barriers_ && (has_barriers_ = process_wide_barrier())) return true;
  // relaxed: as above; nobody uses a reading from now on.
  core_.stale_until.store(UINT64_MAX, std::memory_order_relaxed);
  return false;
}

/// The counter began anew, as it may when a machine was suspended. What waits to be written, or is kept by the flight
/// recorder, has stamps that the clock will not come to for days: from now on each round writes whatever is there,
/// and the order across threads is no longer exact.
void backend::begin_anew() noexcept {
  clock_.begin_anew(horizon_);
  core_.flushes.begin_anew();
  horizon_ = 0;
  has_begun_anew_ = true;
}

/// Returns whether everything up to the round's begin was taken, that is, whether no producer was in the middle of a
/// record. Throws std::bad_alloc before anything is drained.
bool backend::round() {
  std::uint64_t now = record_clock_now();
  const bool exact = overtake(now);
  if (is_behind(now)) begin_anew();
  lanes_.collect();
  delivery_.refresh();
  // A nanosecond is at most some ticks; a little too much only makes the log a little later.
  if (!exact) now -= static_cast<std::uint64_t>(std::chrono::nanoseconds(grace).count()) * 4;
  const std::uint64_t complete_until = lanes_.look(now);
  const std::uint64_t horizon = has_begun_anew_ ? now : std::max(horizon_, complete_until);
  clock_.keep_in_step(horizon_);
  // relaxed: a statistic.
  core_.queue_bytes.store(static_cast<std::int64_t>(lanes_.pending_bytes()), std::memory_order_relaxed);

  drained_in_round_ = 0;
  if (!delivery_.has_unflushed()) flush_due_ = steady_clock::now() + core_.options.flush_interval;
  lanes_.drain(has_begun_anew_ ? UINT64_MAX : horizon,
               [this](const record_header& header, std::uint32_t thread_id) { take(header, thread_id); });
  delivery_.commit();
  horizon_ = horizon;
  losses_.say_if_due(std::max(horizon_, record_clock_now()));
  suppressed_.say_if_due(std::max(horizon_, record_clock_now()));
  // Who asks after it has begun anew is not to be taken for one who asked long before this horizon.
  if (!is_behind(record_clock_now())) delivery_.answer(core_.flushes.take(horizon));
  if (flush_now_ || (delivery_.has_unflushed() && steady_clock::now() >= flush_due_)) delivery_.flush_sinks();
  flush_now_ = false;
  return horizon >= now;
}

/// A round that had no memory to see the chunks is no round: the next one tries again.
bool backend::try_round() noexcept {
  try {
    return round();
  } catch (const std::exception& error) {
    drained_in_round_ = 0;
    delivery_.note_error("log backend", error.what(), 0);
    return false;
  }
}

void backend::rest(bool found_work, bool in_step) {
  if (!in_step) { // some producer is in the middle of a record, and perhaps wants this core
    if (++rounds_out_of_step_ <= yields_before_rest)
      std::this_thread::yield();
    else
      core_.bell.sleep_for(shortest_rest);
    return;
  }
  rounds_out_of_step_ = 0;
  if (found_work) {
    idle_rounds_ = starved_rounds_ = 0;
    if (drained_in_round_ < busy_records) core_.bell.sleep_for(shortest_rest);
    return;
  }
  if (core_.pool.waiters() != 0) {
    // Producers that wait although everything is drained wait for nothing, if all chunks are other threads' open
    // ones.
    if (!lanes_.hold_everything())
      core_.pool.wake_waiters();
    else if (++starved_rounds_ > starved_rounds_before_refusal)
      core_.pool.refuse_waiters();
    core_.bell.sleep_for(shortest_rest);
    return;
  }
  starved_rounds_ = 0;
  if (++idle_rounds_ <= idle_rounds_before_sleep) {
    core_.bell.sleep_for(std::min<std::chrono::microseconds>(shortest_rest * idle_rounds_, longest_rest));
  } else {
    delivery_.flush_sinks(); // there is nobody awake to do it later
    sleep();
  }
}

void backend::sleep() {
  idle_rounds_ = 0;
  std::uint32_t expected = awake;
  // release: pairs with the acquire in publish_to_sleeper(). Fails if the stream has begun to close.
  if (!core_.asleep.compare_exchange_strong(expected, sleeping, std::memory_order_release, std::memory_order_relaxed))
    return;
  const bool exact = overtake(UINT64_MAX); // until the next round
  bool news = true;
  try {
    lanes_.collect();
    news = lanes_.has_news();
  } catch (const std::exception&) { // the next round comes across it again
  }
  if (!news) {
    if (losses_.has_news())
      core_.bell.sleep_for(loss_report::interval); // then tries to say so again
    else if (!exact)
      core_.bell.sleep_for(blind_sleep);
    else if (!core_.limited.is_empty())
      core_.bell.sleep_for(suppressed_statements::interval);
    else
      core_.bell.sleep(); // woken by publish_to_sleeper(), chunk_pool::acquire(), watch(), flushes and close()
  }
  expected = sleeping;
  // relaxed: whoever published meanwhile may have set it back already.
  core_.asleep.compare_exchange_strong(expected, awake, std::memory_order_relaxed);
}

last_errors backend::run() noexcept {
  while (!is_closing()) {
    const bool in_step = try_round();
    rest(drained_in_round_ != 0, in_step);
  }
  return finish();
}

/// Takes all that was recorded before the stream began to close. A producer whose `writing` bit a barrier after that
/// does not show sees the stream closing before it publishes, and withdraws its record.
last_errors backend::finish() noexcept {
  if (!overtake(UINT64_MAX)) std::this_thread::sleep_for(grace); // stores do not stay in a core for so long
  while (!try_round()) std::this_thread::yield();
  // What was begun between that round's clock and its barrier, and, without barriers, what is younger than the grace.
  const std::size_t in_flight = lanes_.abandon();
  lanes_.drain(UINT64_MAX, [this](const record_header& header, std::uint32_t thread_id) { take(header, thread_id); });
  delivery_.commit();
  const std::uint64_t now = record_clock_now();
  losses_.say(now);
  suppressed_.say(now);
  if (in_flight != 0) core_.count_dropped(drop_reason::closed, {.records = in_flight, .first = now, .last = now});
  delivery_.answer(core_.flushes.take(UINT64_MAX));
  const std::error_code flush = delivery_.flush_sinks();
  return {.flush = flush, .loss = delivery_.last_loss()};
}

/// For a caller who came after the last flush.
void refuse(stream_core& core, flush_request& late) noexcept {
  try {
    flush_result result = result_since(core, late.since);
    result.error = std::make_error_code(std::errc::operation_canceled);
    late.answer(result);
  } catch (...) {
    // relaxed: a counter that orders nothing.
    core.sink_errors.fetch_add(1, std::memory_order_relaxed);
  }
}

} // namespace

void run_backend(const std::shared_ptr<stream_core>& core) {
  stream_core::of_this_thread = core.get();
  // relaxed: see flush_all_streams().
  core->backend_thread.store(std::this_thread::get_id(), std::memory_order_relaxed);
  const last_errors met = backend(*core).run();
  // Sinks close with the stream, not with the last thread that remembers it.
  std::vector<std::shared_ptr<sink>> sinks;
  {
    const std::lock_guard lock(core->registry.mutex);
    sinks.swap(core->registry.sinks);
    core->registry.takes_sinks = false;
  }
  sink_ownership::let_go(sinks);
  sinks.clear();
  // relaxed: only lets go of the stream; its memory is under reference counts.
  core->finished.store(true, std::memory_order_relaxed);
  for (const auto& late : core->flushes.shut()) refuse(*core, *late);
  stream_core::of_this_thread = nullptr;
  // The next thread may be given this one's id, and is not to be taken for it.
  // relaxed: see flush_all_streams(); who has waited for the end has this by its mutex.
  core->backend_thread.store({}, std::memory_order_relaxed);
  core->flushes.end(met);
}

} // namespace weir::detail
