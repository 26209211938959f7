#include "log/room.hpp"

#include "log/fork.hpp"
#include "weir/log/overflow.hpp"

#include <chrono>
#include <optional>

namespace weir::detail {

namespace {

room wait_for_chunk(stream_core& core, std::size_t size, bool exact,
                    std::optional<std::chrono::milliseconds> limit) noexcept {
  std::optional<std::chrono::steady_clock::time_point> deadline;
  if (limit) deadline = std::chrono::steady_clock::now() + *limit;
  room found{};
  core.blocked.begin();
  switch (core.pool.acquire(size, exact, core.bell, deadline, found.fresh)) {
  case chunk_pool::wait_result::acquired:
    break;
  case chunk_pool::wait_result::refused:
    found.why = drop_reason::too_many_threads;
    break;
  case chunk_pool::wait_result::closed:
    found.why = drop_reason::closed;
    break;
  case chunk_pool::wait_result::timed_out:
    found.why = drop_reason::block_limit;
    break;
  }
  core.blocked.end();
  return found;
}

room displace_oldest(stream_core& core, std::size_t size, bool exact) noexcept {
  for (;;) {
    loss lost;
    chunk* taken = core.lanes.take_oldest(lost);
    if (taken == nullptr) return {nullptr, drop_reason::queue_full};
    // relaxed: the chunk is this thread's.
    const std::uint32_t end = taken->published.load(std::memory_order_relaxed) & ~chunk::flags;
    // relaxed: a statistic.
    core.queue_bytes.fetch_sub(end - taken->read, std::memory_order_relaxed);
    if (lost.records != 0) core.count_dropped(drop_reason::displaced, lost);
    core.pool.release(taken);
    // Another thread may be the first to take it; then the next oldest must go.
    taken = core.pool.try_acquire(size, exact);
    if (taken != nullptr) return {taken, {}};
  }
}

/// The wait of a backend, one of whose sinks logs: for its own stream, or for another, whose sinks may log, too, and
/// wait in their turn.
class backend_wait {
 public:
  backend_wait(stream_core& of, const stream_core& wanted) noexcept : of_(of) {
    if (of.in_forked_child()) return; // there is no such backend here
    const auto lock = fork_guard::lock();
    for (const stream_core* each = &wanted; each != nullptr && !for_itself_; each = each->waits_for)
      for_itself_ = each == &of;
    if (!for_itself_) of.waits_for = &wanted;
  }
  backend_wait(const backend_wait&) = delete;
  backend_wait& operator=(const backend_wait&) = delete;
  ~backend_wait() {
    const auto lock = fork_guard::lock();
    of_.waits_for = nullptr;
  }

  /// In the end it would wait for what its own thread has to do.
  bool would_be_for_itself() const noexcept { return for_itself_; }

 private:
  stream_core& of_;
  bool for_itself_ = false;
};

} // namespace

room make_room(stream_core& core, const logger_state& logger, std::size_t size, bool exact) noexcept {
  // relaxed: a policy orders nothing.
  const overflow_word rule = logger.overflow.load(std::memory_order_relaxed);
  const bool is_to_wait = rule.policy == overflow_policy::block || rule.policy == overflow_policy::block_with_limit;
  std::optional<backend_wait> waiting;
  if (is_to_wait && stream_core::of_this_thread != nullptr) waiting.emplace(*stream_core::of_this_thread, core);
  if (!is_to_wait || (waiting && waiting->would_be_for_itself())) {
    core.bell.ring(); // the backend may be resting between two rounds
    return rule.policy == overflow_policy::drop_oldest ? displace_oldest(core, size, exact)
                                                       : room{nullptr, drop_reason::queue_full};
  }
  if (rule.policy == overflow_policy::block_with_limit)
    return wait_for_chunk(core, size, exact, std::chrono::milliseconds(rule.limit_ms));
  return wait_for_chunk(core, size, exact, std::nullopt);
}

} // namespace weir::detail
