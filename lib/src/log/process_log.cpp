// The process's own stream: there before main, and still there when all static objects are gone.
#include "log/fork.hpp"
#include "log/stream_core.hpp"
#include "weir/log/stream.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <new>
#include <stdexcept>
#include <utility>

namespace weir {

namespace {

// Under process_log_mutex(); the pointer is also read by itself at the end. Constant-initialised: static constructors
// may log.
constinit std::atomic<log_stream*> process_log{nullptr};
constinit std::chrono::milliseconds exit_limit{};
constinit std::uint32_t owner = 0; // its fork_count(): a forked child may start a log of its own
constinit std::atomic<bool> has_given_up{false};

void flush_at_exit() noexcept {
  // acquire: pairs with the release in make(). relaxed: once a sink has hung for the whole limit, the process is not
  // held up for another.
  log_stream* const log = process_log.load(std::memory_order_acquire);
  if (log == nullptr || has_given_up.load(std::memory_order_relaxed)) return;
  // release: pairs with the acquire in suppressed_statements::look().
  detail::process_is_ending.store(true, std::memory_order_release);
  try {
    const auto begun = std::chrono::steady_clock::now();
    const flush_result result = log->flush(exit_limit);
    detail::report_unfinished(result, exit_limit, std::chrono::steady_clock::now() - begun);
    // relaxed: read by later calls of this, one after the other.
    if (!result) has_given_up.store(true, std::memory_order_relaxed);
  } catch (const std::bad_alloc&) { // what the backend can, it writes all the same
  }
}

/// A forked child that logs to its parent's streams would otherwise never be told that nobody writes that.
void report_lost_in_child() noexcept {
  std::uint64_t lost = 0;
  detail::fork_guard::for_each_stream([&](const detail::stream_core& core) {
    if (core.in_forked_child()) lost += core.count_of(detail::drop_reason::closed) - core.closed_before_fork;
  });
  if (lost == 0) return;
  char line[160];
  const auto end = fmt::format_to_n(
      line, sizeof line,
      "weir: {} records of this process, a forked child, were logged to its parent's log and dropped\n", lost);
  [[maybe_unused]] const auto ignored = ::write(STDERR_FILENO, line, std::min(end.size, sizeof line));
}

/// After the destructors of all static objects of the program: what they logged. Before them it is done as well
/// (below), while what sinks may refer to still lives.
[[gnu::destructor(101)]] void flush_after_static_objects() noexcept {
  flush_at_exit();
  report_lost_in_child();
}

log_stream& make(log_options options) {
  if (options.levels_variable.empty()) options.levels_variable = "WEIR_LOG";
  const auto limit = options.close_limit;
  // Never destroyed: objects with longer lives than any order of destruction could give it may still log. Nor is that
  // of a forked child's parent: loggers of it may be in use.
  auto* const made = new log_stream(std::move(options));
  exit_limit = limit;
  owner = detail::fork_count();
  // relaxed: nobody is flushing at exit yet.
  has_given_up.store(false, std::memory_order_relaxed);
  // release: pairs with the acquires.
  process_log.store(made, std::memory_order_release);
  std::atexit([] { flush_at_exit(); });
  std::at_quick_exit([] { flush_at_exit(); });
  return *made;
}

} // namespace

log_stream& start_logging(log_options options) {
  const std::lock_guard lock(detail::process_log_mutex());
  // relaxed: under the mutex.
  if (process_log.load(std::memory_order_relaxed) != nullptr && owner == detail::fork_count())
    throw std::logic_error("start_logging: the process's log is in use already: it was begun by an earlier call of "
                           "this, of default_log() or of default_logger(), from a static object, say");
  return make(std::move(options));
}

log_stream& default_log() {
  const std::lock_guard lock(detail::process_log_mutex());
  // relaxed: under the mutex.
  log_stream* const log = process_log.load(std::memory_order_relaxed);
  return log != nullptr ? *log : make({});
}

logger& default_logger() { return default_log().get_logger("main"); }

} // namespace weir
