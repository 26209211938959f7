#include "log/delivery.hpp"

#include "log/guarded.hpp"
#include "log/sink_call.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <system_error>
#include <utility>

namespace weir::detail {

namespace {

using std::chrono::steady_clock;

// Batches: large enough that a write's cost is spread, small enough that what was rendered is still in the cache when
// it is written, and that sinks' buffers stay small beside the stream's memory limit.
constexpr std::size_t batch_records = 2048;
constexpr std::size_t batch_bytes = std::size_t{1} << 20;

} // namespace

delivery::delivery(stream_core& core)
    : core_(core), on_batch_(std::move(core.options.on_batch)), lost_(batch_records), ticks_(batch_records) {}

void delivery::refresh() {
  // acquire: pairs with the release in get_logger(); a logger's sinks are listed before its first record.
  if (sinks_.size() == core_.sink_count.load(std::memory_order_acquire)) return;
  const std::lock_guard lock(core_.registry.mutex);
  fates_.resize(core_.registry.sinks.size() * batch_records);
  errors_.resize(core_.registry.sinks.size());
  reports_.resize(core_.registry.sinks.size());
  unflushed_.resize(core_.registry.sinks.size());
  unsynced_.resize(core_.registry.sinks.size());
  sinks_ = core_.registry.sinks;
}

void delivery::deliver(const record& entry, const record_header& header) noexcept {
  const std::size_t place = records_++;
  bytes_ += header.size;
  ticks_[place] = header.ticks;
  for (const std::size_t index : header.logger->sinks) {
    try { // not guarded(): its report would have to be made ready for each record
      if (sink_call::append(*sinks_[index], entry)) fates_[index * batch_records + place] = fate::taken;
    } catch (...) {
      note_refusal(index, place);
    }
  }
  if (records_ == batch_records || bytes_ >= batch_bytes) commit();
}

/// The sink has thrown what is being handled instead of taking the record.
void delivery::note_refusal(std::size_t sink_index, std::size_t place) noexcept {
  fates_[sink_index * batch_records + place] = fate::refused;
  lost_[place] = 1;
  any_lost_ = true;
  last_loss_ = std::make_error_code(std::errc::io_error);
  guarded([] { throw; }, [&](std::string_view what) { note_sink_error(sink_index, {}, what, 1); });
}

bool delivery::announce(const record& entry) noexcept {
  commit();
  bool any_wants = false, any_took = false;
  for (std::size_t index = 0; index < core_.registry.default_sinks; ++index) {
    sink& target = *sinks_[index];
    sink_call::mark(target, true);
    guarded(
        [&] {
          if (!sink_call::append(target, entry)) return;
          any_wants = true;
          const commit_result result = target.commit();
          unflushed_[index] = unsynced_[index] = 1;
          any_took = any_took || result.lost == 0;
          if (result.error) note_sink_error(index, result.attempt, message_of(result.error), 0);
        },
        [&](std::string_view what) {
          any_wants = true;
          note_sink_error(index, {}, what, 0);
        });
    sink_call::mark(target, false);
    account(index); // the errors; the line is no record
  }
  return any_took || !any_wants;
}

/// The last `count` of the records that the sink has appended are lost. Returns how many it had.
std::size_t delivery::mark_lost(std::size_t sink_index, std::size_t count) noexcept {
  std::size_t marked = 0;
  for (std::size_t i = records_; i-- > 0 && count > 0;) {
    std::uint8_t& mark = fates_[sink_index * batch_records + i];
    if (mark != fate::taken) continue;
    mark = fate::not_written;
    lost_[i] = 1;
    --count;
    ++marked;
  }
  any_lost_ = any_lost_ || marked > 0;
  return marked;
}

loss delivery::take_lost() noexcept {
  loss all;
  if (!any_lost_) return all;
  for (std::size_t i = 0; i < records_; ++i)
    if (lost_[i] != 0) all.add({.records = 1, .first = ticks_[i], .last = ticks_[i]});
  std::fill_n(lost_.begin(), records_, std::uint8_t{0});
  any_lost_ = false;
  return all;
}

/// Adds the batch to the sink's own counters.
void delivery::account(std::size_t sink_index) noexcept {
  const auto begin = fates_.begin() + static_cast<std::ptrdiff_t>(sink_index * batch_records);
  const auto end = begin + static_cast<std::ptrdiff_t>(records_);
  const auto number_of = [&](fate which) { return static_cast<std::size_t>(std::count(begin, end, which)); };
  const std::size_t offered = records_ - number_of(fate::not_offered);
  const std::size_t thrown_back = any_lost_ ? number_of(fate::refused) : 0;
  const std::size_t lost = any_lost_ ? thrown_back + number_of(fate::not_written) : 0;
  sinks_[sink_index]->count(offered, lost, std::exchange(errors_[sink_index], 0));
  if (offered != thrown_back) unflushed_[sink_index] = unsynced_[sink_index] = 1;
  std::fill(begin, end, fate::not_offered);
}

void delivery::commit() noexcept {
  if (records_ == 0) return;
  const auto begun = steady_clock::now();
  for (std::size_t index = 0; index < sinks_.size(); ++index) {
    sink& target = *sinks_[index];
    guarded(
        [&] {
          const commit_result result = target.commit();
          if (result.lost != 0) mark_lost(index, result.lost);
          if (result.lost != 0) last_loss_ = result.error ? result.error : std::make_error_code(std::errc::io_error);
          if (result.error) note_sink_error(index, result.attempt, message_of(result.error), result.lost);
        },
        [&](std::string_view what) {
          last_loss_ = std::make_error_code(std::errc::io_error);
          note_sink_error(index, {}, what, mark_lost(index, records_));
        });
    account(index);
  }
  const loss lost = take_lost();
  const batch_report report{.records = records_, .lost = lost.records, .write_time = steady_clock::now() - begun};
  core_.batch_records.observe(report.records);
  core_.write_time.observe(report.write_time);
  // relaxed: a statistic.
  core_.queue_bytes.fetch_sub(static_cast<std::int64_t>(bytes_), std::memory_order_relaxed);
  // relaxed: the two below publish it.
  core_.drained.fetch_add(report.records, std::memory_order_relaxed);
  // release, both: pair with the acquires in stats(): who sees records written or lost sees them accepted.
  core_.written.fetch_add(report.records - report.lost, std::memory_order_release);
  if (report.lost != 0) core_.count_dropped(drop_reason::sink, lost);
  records_ = bytes_ = 0;
  if (on_batch_) guarded([&] { on_batch_(report); }, [&](std::string_view what) { note_error("on_batch", what, 0); });
}

/// Calls `call`, which returns an error or throws one. `what_for` is for the report.
template <class Call>
std::error_code delivery::attempt(std::size_t sink_index, std::string_view what_for, Call call) noexcept {
  std::error_code error = std::make_error_code(std::errc::io_error); // of exceptions without a code
  guarded(
      [&] {
        try {
          error = call(*sinks_[sink_index]);
        } catch (const std::system_error& thrown) {
          error = thrown.code();
          throw;
        }
        if (error) note_sink_error(sink_index, what_for, message_of(error), 0);
      },
      [&](std::string_view what) { note_sink_error(sink_index, what_for, what, 0); });
  if (error) account(sink_index);
  return error;
}

std::error_code delivery::flush_sinks() noexcept {
  std::error_code first;
  if (!has_unflushed()) return first;
  const auto begun = steady_clock::now();
  for (std::size_t index = 0; index < sinks_.size(); ++index) {
    if (unflushed_[index] == 0) continue;
    const std::error_code error = attempt(index, "flush", [](sink& target) {
      target.flush();
      return std::error_code();
    });
    if (!error) unflushed_[index] = 0;
    if (!first) first = error;
  }
  core_.flush_time.observe(steady_clock::now() - begun);
  return first;
}

bool delivery::has_unflushed() const noexcept {
  return std::find(unflushed_.begin(), unflushed_.end(), 1) != unflushed_.end();
}

/// A sync that fails is not made good by one that succeeds: the kernel reports an error once and forgets the pages
/// that it could not write. So the failure is counted for good, and whoever waits for records of before it is told.
std::error_code delivery::sync_sinks() noexcept {
  std::error_code first;
  const auto begun = steady_clock::now();
  for (std::size_t index = 0; index < sinks_.size(); ++index) {
    if (unsynced_[index] == 0) continue;
    const std::error_code error = attempt(index, "sync", [](sink& target) { return target.sync(); });
    if (!error) unflushed_[index] = unsynced_[index] = 0;
    if (!first) first = error;
  }
  core_.sync_time.observe(steady_clock::now() - begun);
  // release: pairs with the acquire in totals().
  if (first) core_.failed_syncs.fetch_add(1, std::memory_order_release);
  return first;
}

void delivery::answer(const request_list& due) noexcept {
  if (due.empty()) return;
  const bool durable = std::ranges::any_of(due, [](const auto& each) { return each->durable; });
  const std::error_code error = durable ? sync_sinks() : flush_sinks();
  for (const auto& each : due) {
    const log_mark now = core_.totals();
    const bool sync_failed = each->durable && now.failed_syncs != each->since.failed_syncs;
    flush_result result = result_since(core_, each->since);
    result.complete = !error && !sync_failed && !(each->durable && result.lost != 0);
    result.error = error;
    if (!result.error && result.lost != 0) result.error = loss_between(each->since, now, last_loss_);
    if (!result.error && sync_failed) result.error = std::make_error_code(std::errc::io_error);
    guarded([&] { each->answer(result); }, [&](std::string_view what) { note_error("async_sync", what, 0); });
  }
}

void delivery::note_error(std::string_view who, std::string_view what, std::size_t lost) noexcept {
  // relaxed: a counter that orders nothing.
  core_.sink_errors.fetch_add(1, std::memory_order_relaxed);
  own_reports_.note(who, {}, what, lost);
}

void delivery::note_sink_error(std::size_t sink_index, std::string_view attempt, std::string_view what,
                               std::size_t lost) noexcept {
  // relaxed: a counter that orders nothing.
  core_.sink_errors.fetch_add(1, std::memory_order_relaxed);
  ++errors_[sink_index];
  reports_[sink_index].note(sinks_[sink_index]->name(), attempt, what, lost);
}

} // namespace weir::detail
