#include "weir/log/stream.hpp"

#include "log/stream_core.hpp"
#include "weir/log/clock.hpp"

#include <fmt/format.h>

#include <pthread.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace weir {

namespace detail {

namespace {

template <class T>
void check_range(std::string_view name, T value, T least, T most) {
  if (value < least || value > most)
    throw std::invalid_argument(
        fmt::format("log_options.{} is {}: it must be from {} to {}", name, value, least, most));
}

log_options checked(log_options options) {
  check_range<std::size_t>("chunk_bytes", options.chunk_bytes, 4096, std::size_t{1} << 20);
  if ((options.chunk_bytes & (options.chunk_bytes - 1)) != 0)
    throw std::invalid_argument(
        fmt::format("log_options.chunk_bytes is {}: it must be a power of two", options.chunk_bytes));
  check_range<std::size_t>("memory_limit_bytes", options.memory_limit_bytes, 4 * options.chunk_bytes,
                           std::size_t{64} << 30);
  check_range<std::size_t>("record_limit_bytes", options.record_limit_bytes, 1024, options.memory_limit_bytes / 2);
  check_range<std::int64_t>("close_limit (ms)", options.close_limit.count(), 0, 3'600'000);
  if (options.sinks.empty()) options.sinks.push_back(console_sink());
  for (const auto& each : options.sinks)
    if (each == nullptr) throw std::invalid_argument("log_options.sinks holds a null pointer");
  return options;
}

} // namespace

stream_core::stream_core(log_options given)
    : options(std::move(given)), pool(options.chunk_bytes, options.memory_limit_bytes) {
  record_limit = static_cast<std::uint32_t>(options.record_limit_bytes);
  registry.sinks = options.sinks;
  // relaxed: no other thread knows the core yet.
  sink_count.store(registry.sinks.size(), std::memory_order_relaxed);
}

std::string_view text_cutter::operator()(std::string_view text) noexcept {
  if (text.size() <= budget_) return text;
  std::size_t kept = budget_;
  // Not in the middle of a UTF-8 sequence.
  while (kept > 0 && budget_ - kept < 3 && (static_cast<unsigned char>(text[kept]) & 0xC0U) == 0x80U) --kept;
  cut_ += text.size() - kept;
  return text.substr(0, kept);
}

} // namespace detail

using detail::stream_core;

log_stream::log_stream(log_options options)
    : core_(std::make_shared<stream_core>(detail::checked(std::move(options)))) {
  // The backend takes no signals: they are for the program's own threads.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    std::thread([core = core_] {
      pthread_setname_np(pthread_self(), "weir-log");
      detail::run_backend(core);
    }).detach(); // close() waits for it by its own means: with a limit
  } catch (...) {
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

log_stream::~log_stream() { close(core_->options.close_limit); }

logger& log_stream::get_logger(std::string_view name) {
  const std::lock_guard lock(core_->registry.mutex);
  auto& registry = core_->registry;
  if (const auto found = registry.loggers.find(name); found != registry.loggers.end()) return *found->second;
  auto state = std::make_unique<detail::logger_state>();
  state->name = name;
  for (std::size_t i = 0; i < core_->options.sinks.size(); ++i) state->sinks.push_back(i);
  // relaxed: nobody else knows the logger yet.
  state->threshold.store(core_->options.threshold, std::memory_order_relaxed);
  auto made = std::make_unique<logger>(*core_, *state);
  registry.states.emplace(name, std::move(state));
  return *registry.loggers.emplace(name, std::move(made)).first->second;
}

logger& log_stream::get_logger(std::string_view name, std::vector<std::shared_ptr<sink>> sinks) {
  for (const auto& each : sinks)
    if (each == nullptr) throw std::invalid_argument(fmt::format("logger {}: a sink is a null pointer", name));
  {
    const std::lock_guard lock(core_->registry.mutex);
    auto& registry = core_->registry;
    if (registry.loggers.contains(name))
      throw std::invalid_argument(fmt::format("a logger named {} exists already", name));
    auto state = std::make_unique<detail::logger_state>();
    state->name = name;
    // relaxed: nobody else knows the logger yet.
    state->threshold.store(core_->options.threshold, std::memory_order_relaxed);
    for (auto& each : sinks) {
      auto found = std::ranges::find(registry.sinks, each);
      state->sinks.push_back(static_cast<std::size_t>(found - registry.sinks.begin()));
      if (found == registry.sinks.end()) registry.sinks.push_back(std::move(each));
    }
    // release: pairs with the acquire in refresh_sinks().
    core_->sink_count.store(registry.sinks.size(), std::memory_order_release);
    auto made = std::make_unique<logger>(*core_, *state);
    registry.states.emplace(name, std::move(state));
    registry.loggers.emplace(name, std::move(made));
  }
  return get_logger(name);
}

bool log_stream::flush(std::chrono::milliseconds limit) {
  // relaxed: see run_backend().
  if (core_->backend_thread.load(std::memory_order_relaxed) == std::this_thread::get_id()) return false;
  auto& flushes = core_->flushes;
  std::unique_lock lock(flushes.mutex);
  if (flushes.over) return false;
  const std::uint64_t asked = detail::record_clock_now();
  flushes.requested = std::max(flushes.requested, asked);
  lock.unlock();
  core_->bell.ring();
  lock.lock();
  flushes.answered.wait_for(lock, limit, [&] { return flushes.done >= asked || flushes.over; });
  return flushes.done >= asked;
}

bool log_stream::close(std::chrono::milliseconds limit) {
  // release: pairs with the acquires in open_chunk(), wake_backend() and the backend.
  core_->asleep.store(detail::closing, std::memory_order_release);
  core_->pool.close();
  core_->bell.ring();
  auto& flushes = core_->flushes;
  std::unique_lock lock(flushes.mutex);
  return flushes.answered.wait_for(lock, limit, [&] { return flushes.over; });
}

log_stats log_stream::stats() const {
  using detail::drop_reason;
  log_stats all;
  all.dropped_queue_full = core_->count_of(drop_reason::queue_full);
  all.dropped_too_many_threads = core_->count_of(drop_reason::too_many_threads);
  all.dropped_closed = core_->count_of(drop_reason::closed);
  all.dropped_unrenderable = core_->count_of(drop_reason::unrenderable);
  all.dropped_sink = core_->count_of(drop_reason::sink);
  // relaxed: counters; their sum is exact when nothing is under way, as after a flush.
  all.written = core_->written.load(std::memory_order_relaxed);
  all.sink_errors = core_->sink_errors.load(std::memory_order_relaxed);
  all.queue_bytes = core_->queue_bytes.load(std::memory_order_relaxed);
  all.accepted = core_->drained.load(std::memory_order_relaxed) + all.dropped() - all.dropped_sink;
  all.memory_bytes = core_->pool.allocated_bytes();
  return all;
}

namespace {

std::mutex default_mutex;
log_stream* default_stream = nullptr;

log_stream& make_default(log_options options) {
  const auto limit = options.close_limit;
  static std::chrono::milliseconds exit_limit;
  exit_limit = limit;
  // Never destroyed: objects with longer lives than any order of destruction could give it may still log.
  default_stream = new log_stream(std::move(options));
  std::atexit([] { default_stream->flush(exit_limit); });
  return *default_stream;
}

} // namespace

log_stream& start_logging(log_options options) {
  const std::lock_guard lock(default_mutex);
  if (default_stream != nullptr) throw std::logic_error("start_logging: the process's log is in use already");
  return make_default(std::move(options));
}

log_stream& default_log() {
  const std::lock_guard lock(default_mutex);
  return default_stream != nullptr ? *default_stream : make_default({});
}

logger& default_logger() { return default_log().get_logger("main"); }

} // namespace weir
