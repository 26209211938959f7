#include "weir/log/stream.hpp"

#include "log/option_check.hpp"
#include "log/stream_core.hpp"
#include "start_thread.hpp"
#include "weir/log/clock.hpp"
#include "weir/log/console_sink.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <numeric>
#include <stdexcept>
#include <utility>

namespace weir {

namespace detail {

namespace {

void check_overflow(std::string_view name, const overflow_rule& rule) {
  check_enumerator(fmt::format("{}.policy", name), rule.policy, overflow_policy::drop_oldest);
  check_option<std::int64_t>(fmt::format("{}.limit (ms)", name), rule.limit.count(), 0, 3'600'000);
}

overflow_word packed(const overflow_rule& rule) noexcept {
  return {.limit_ms = static_cast<std::uint32_t>(rule.limit.count()), .policy = rule.policy};
}

void check_sinks(std::string_view whose, const std::vector<std::shared_ptr<sink>>& sinks) {
  for (auto each = sinks.begin(); each != sinks.end(); ++each) {
    if (*each == nullptr) throw std::invalid_argument(fmt::format("{} hold a null pointer", whose));
    if (std::find(sinks.begin(), each, *each) != each)
      throw std::invalid_argument(fmt::format("{} hold \"{}\" twice", whose, (*each)->name()));
  }
}

log_options checked(log_options options) {
  check_enumerator("log_options.threshold", options.threshold, level::off);
  check_overflow("log_options.overflow", options.overflow);
  check_option<std::size_t>("log_options.chunk_bytes", options.chunk_bytes, 4096, std::size_t{1} << 20);
  check_power_of_two("log_options.chunk_bytes", options.chunk_bytes);
  check_option<std::size_t>("log_options.memory_limit_bytes", options.memory_limit_bytes, 4 * options.chunk_bytes,
                            std::size_t{64} << 30);
  if (options.record_limit_bytes == 0)
    options.record_limit_bytes = std::min(options.memory_limit_bytes / 2, std::size_t{1} << 20);
  check_option<std::size_t>("log_options.record_limit_bytes", options.record_limit_bytes, 1024,
                            std::min(options.memory_limit_bytes / 2, std::size_t{1} << 30));
  if (options.recorder) check_recorder(*options.recorder);
  check_enumerator("log_options.flush_at", options.flush_at, level::off);
  check_option<std::int64_t>("log_options.flush_interval (ms)", options.flush_interval.count(), 0, 3'600'000);
  check_option<std::int64_t>("log_options.close_limit (ms)", options.close_limit.count(), 0, 3'600'000);
  if (options.sinks.empty()) options.sinks.push_back(console_sink());
  check_sinks("log_options.sinks", options.sinks);
  return options;
}

/// Memory that is kept for threads beyond those that hold chunks: enough for the largest record with what it carries.
std::size_t spare_bytes(const log_options& options) noexcept {
  return std::max(options.memory_limit_bytes / 16, options.record_limit_bytes + 4096);
}

} // namespace

stream_core::stream_core(log_options given)
    : options(std::move(given)), pool(options.chunk_bytes, options.memory_limit_bytes, spare_bytes(options)) {
  record_limit = static_cast<std::uint32_t>(options.record_limit_bytes);
  flush_at = options.flush_at;
  sink_ownership::take("log_options.sinks", options.sinks);
  registry.sinks = std::exchange(options.sinks, {}); // which lets go of them
  registry.default_sinks = registry.sinks.size();
  registry.levels = initial_levels(options);
  if (options.recorder) recorder = std::make_unique<flight_recorder>(*options.recorder);
  // relaxed: no other thread knows the core yet.
  sink_count.store(registry.sinks.size(), std::memory_order_relaxed);
}

void stream_core::end_in_child() noexcept {
  // relaxed, all: there is no other thread.
  forked.store(true, std::memory_order_relaxed);
  asleep.store(closing, std::memory_order_relaxed);
  // relaxed, both: as above.
  stale_until.store(UINT64_MAX, std::memory_order_relaxed);
  finished.store(true, std::memory_order_relaxed);
  closed_before_fork = count_of(drop_reason::closed);
  // The backend may have been stopped between the one counter and the other. relaxed, both: as above.
  drained.store(written.load(std::memory_order_relaxed) + count_of(drop_reason::sink), std::memory_order_relaxed);
}

} // namespace detail

using detail::stream_core;

log_stream::log_stream(log_options options)
    : core_(std::make_shared<stream_core>(detail::checked(std::move(options)))) {
  // close() waits for it by its own means: with a limit.
  detail::start_thread("weir-log", [core = core_] { detail::run_backend(core); }).detach();
}

void logger::set_overflow(const overflow_rule& rule) {
  detail::check_overflow("overflow_rule", rule);
  // relaxed: a policy orders nothing.
  source_.state->overflow.store(detail::packed(rule), std::memory_order_relaxed);
}

log_stream::log_stream(std::shared_ptr<detail::stream_core> core, bool closes) noexcept
    : core_(std::move(core)), closes_(closes) {}

log_stream log_stream::share() const noexcept { return {core_, false}; }

log_stream::~log_stream() {
  if (!closes_) return;
  const auto limit = core_->options.close_limit;
  const auto begun = std::chrono::steady_clock::now();
  const flush_result result = close(limit);
  detail::report_unfinished(result, limit, std::chrono::steady_clock::now() - begun);
}

namespace {

/// The caller holds the registry's mutex.
stream_core::named_logger& add_logger(stream_core& core, std::string_view name, std::vector<std::size_t> sinks) {
  auto& made = core.registry.loggers.try_emplace(std::string(name), core, name, std::move(sinks)).first->second;
  core.set_levels_of(made.front);
  // relaxed: nobody else knows the logger yet.
  made.state.overflow.store(detail::packed(core.options.overflow), std::memory_order_relaxed);
  return made;
}

/// Those of the nearest ancestor that has its own, or else the stream's. The caller holds the registry's mutex.
std::vector<std::size_t> inherited_sinks(const stream_core& core, std::string_view name) {
  const auto& loggers = core.registry.loggers;
  while (!name.empty()) {
    name = detail::parent_name(name);
    if (const auto found = loggers.find(name); found != loggers.end() && found->second.has_own_sinks)
      return found->second.state.sinks;
  }
  std::vector<std::size_t> all(core.registry.default_sinks);
  std::iota(all.begin(), all.end(), std::size_t{0});
  return all;
}

} // namespace

logger& log_stream::get_logger(std::string_view name) {
  auto& registry = core_->registry;
  const std::lock_guard lock(registry.mutex);
  if (const auto found = registry.loggers.find(name); found != registry.loggers.end()) return found->second.front;
  return add_logger(*core_, name, inherited_sinks(*core_, name)).front;
}

logger& log_stream::get_logger(std::string_view name, std::vector<std::shared_ptr<sink>> sinks) {
  if (sinks.empty()) throw std::invalid_argument(fmt::format("logger {} is given no sinks", name));
  const std::string whose = fmt::format("the sinks of logger {}", name);
  detail::check_sinks(whose, sinks);
  auto& registry = core_->registry;
  const std::lock_guard lock(registry.mutex);
  if (registry.loggers.contains(name))
    throw std::invalid_argument(fmt::format("a logger named {} exists already", name));
  std::vector<std::size_t> places;
  std::vector<std::shared_ptr<sink>> fresh;
  for (auto& each : sinks) {
    const auto found = std::ranges::find(registry.sinks, each);
    const auto behind = found == registry.sinks.end() ? fresh.size() : 0;
    places.push_back(static_cast<std::size_t>(found - registry.sinks.begin()) + behind);
    if (found == registry.sinks.end()) fresh.push_back(std::move(each));
  }
  if (!registry.takes_sinks) fresh.clear(); // nothing will be written to them
  registry.sinks.reserve(registry.sinks.size() + fresh.size());
  detail::sink_ownership::take(whose, fresh);
  try {
    auto& made = add_logger(*core_, name, std::move(places));
    made.has_own_sinks = true;
    std::ranges::move(fresh, std::back_inserter(registry.sinks));
    // release: pairs with the acquire in delivery::refresh().
    core_->sink_count.store(registry.sinks.size(), std::memory_order_release);
    return made.front;
  } catch (...) { // no memory, and no logger
    detail::sink_ownership::let_go(fresh);
    throw;
  }
}

log_stats log_stream::stats() const {
  using detail::drop_reason;
  log_stats all;
  all.dropped_queue_full = core_->count_of(drop_reason::queue_full);
  all.dropped_block_limit = core_->count_of(drop_reason::block_limit);
  all.dropped_displaced = core_->count_of(drop_reason::displaced);
  all.dropped_too_many_threads = core_->count_of(drop_reason::too_many_threads);
  all.dropped_closed = core_->count_of(drop_reason::closed);
  all.dropped_unrenderable = core_->count_of(drop_reason::unrenderable);
  all.dropped_sink = core_->count_of(drop_reason::sink);
  // acquire: pairs with the release in delivery::commit(): what is seen written is seen drained below, so that at any
  // moment accepted >= written + dropped(); they are equal when nothing is under way, as after a flush.
  all.written = core_->written.load(std::memory_order_acquire);
  // relaxed, all: counters.
  all.accepted = core_->drained.load(std::memory_order_relaxed) + all.dropped() - all.dropped_sink;
  all.suppressed = core_->suppressed_elsewhere.load(std::memory_order_relaxed) + core_->pool.suppressed();
  const auto blocked = core_->blocked.read();
  all.blocked_calls = blocked.calls;
  all.blocked_threads = blocked.threads;
  all.blocked_time = std::chrono::nanoseconds(blocked.nanoseconds);
  all.batch_records = core_->batch_records.read();
  all.write_time = core_->write_time.read();
  all.flush_time = core_->flush_time.read();
  all.sync_time = core_->sync_time.read();
  // relaxed, here and below: counters; nothing is concluded from one about another.
  all.sink_errors = core_->sink_errors.load(std::memory_order_relaxed);
  if (const auto* const recorder = core_->recorder.get()) {
    // relaxed, these: as above.
    all.recorder_emitted = recorder->emitted.load(std::memory_order_relaxed);
    all.recorder_overwritten = recorder->overwritten.load(std::memory_order_relaxed);
    // relaxed: as above.
    all.recorder_refused = recorder->refused.load(std::memory_order_relaxed);
    all.recorder_bytes = recorder->allocated_bytes();
  }
  all.queue_bytes = core_->pending_bytes();
  all.memory_bytes = core_->pool.allocated_bytes();
  all.memory_limit_bytes = core_->pool.limit_bytes();
  return all;
}

} // namespace weir
