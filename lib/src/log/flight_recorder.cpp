#include "log/flight_recorder.hpp"

#include "log/option_check.hpp"
#include "log/stream_core.hpp"
#include "weir/log/flight_tape.hpp"

#include <chrono>
#include <cstring>
#include <new>
#include <stdexcept>
#include <thread>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace weir {

namespace detail {

namespace {

/// Tapes that no recording has. They are reachable from here for ever, whatever still points to them.
struct tape_store {
  std::mutex mutex;
  std::vector<flight_tape*> all, free;
};
tape_store& tapes() noexcept {
  // Never destroyed: static destructors may log under a context that was left behind.
  alignas(tape_store) static std::byte memory[sizeof(tape_store)];
  static auto* const store = new (memory) tape_store;
  return *store;
}

flight_tape* take_tape() {
  tape_store& store = tapes();
  const std::lock_guard lock(store.mutex);
  if (store.free.empty()) {
    store.all.reserve(store.all.size() + 1);
    store.free.reserve(store.all.size() + 1); // give_back() cannot fail
    store.all.push_back(new flight_tape);
    return store.all.back();
  }
  flight_tape* const taken = store.free.back();
  store.free.pop_back();
  return taken;
}

void give_back(flight_tape* tape) noexcept {
  tape_store& store = tapes();
  const std::lock_guard lock(store.mutex);
  store.free.push_back(tape);
}

/// Writes one kept record to the stream as this thread's next.
bool emit_record(stream_core& core, const std::byte* kept, std::uint32_t size) noexcept {
  const auto* const header = reinterpret_cast<const record_header*>(kept);
  cursor& mine = this_thread_cursor;
  if (!has_room(mine, &core, size) && open_chunk(core, *header->logger, size) == nullptr) return false;
  begin_record(mine);
  std::memcpy(mine.at, kept, size);
  reinterpret_cast<record_header*>(mine.at)->flags |= record_header::recorded_flag;
  publish(core, mine, size, header->severity());
  return true;
}

std::size_t emit_half(stream_core& core, const flight_tape::half& of) noexcept {
  std::size_t emitted = 0;
  for (std::uint32_t at = 0; at < of.bytes;) {
    const std::byte* const kept = of.begin + at;
    const std::uint32_t size = reinterpret_cast<const record_header*>(kept)->size;
    if (emit_record(core, kept, size)) ++emitted;
    at += size;
  }
  return emitted;
}

} // namespace

flight_recorder::~flight_recorder() {
  for (std::byte* each : free_) ::operator delete (each, std::align_val_t{cache_line});
}

std::byte* flight_recorder::acquire() noexcept {
  const std::lock_guard lock(mutex_);
  if (!free_.empty()) {
    std::byte* const taken = free_.back();
    free_.pop_back();
    return taken;
  }
  // relaxed: written under the mutex only.
  const std::size_t allocated = allocated_bytes_.load(std::memory_order_relaxed);
  if (allocated + options_.bytes > options_.memory_limit_bytes) return nullptr;
  try {
    free_.reserve(allocated / options_.bytes + 1);
    auto* const made = static_cast<std::byte*>(::operator new (options_.bytes, std::align_val_t{cache_line}));
    // relaxed: as above.
    allocated_bytes_.store(allocated + options_.bytes, std::memory_order_relaxed);
    return made;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void flight_recorder::release(std::byte* halves) noexcept {
  const std::lock_guard lock(mutex_);
  free_.push_back(halves);
}

namespace {

/// Some tries, then the processor is left to others: the holder was stopped amid a record.
bool try_to_hold(flight_tape& tape) noexcept {
  for (int i = 0; i < 50; ++i) {
    // relaxed: a hint; hold() looks for itself.
    if (!tape.held.load(std::memory_order_relaxed) && tape.hold()) return true;
#if defined(__x86_64__)
    _mm_pause();
#endif
  }
  std::this_thread::yield();
  return false;
}

} // namespace

std::byte* flight_tape::begin(std::uint64_t of_round, const stream_front& of_stream, std::uint32_t size) noexcept {
  if (!hold() && !hold_in_time(of_stream)) return nullptr;
  if (is_meant(of_round, of_stream) && (has_room(size) || make_room(size))) return at;
  let_go();
  return nullptr;
}

bool flight_tape::hold_in_time(const stream_front& of_stream) noexcept {
  for (int turn = 0; turn < 200; ++turn)
    if (try_to_hold(*this)) return true;
  if (auto* const recorder = static_cast<const stream_core&>(of_stream).recorder.get()) {
    // relaxed: a counter.
    recorder->refused.fetch_add(1, std::memory_order_relaxed);
  }
  return false;
}

void flight_tape::hold_as_owner() noexcept {
  if (hold()) return;
  // Woken by nobody: it looks again after each turn. A holder ends by itself; in a forked child there is none.
  for (int turn = 0; !try_to_hold(*this); ++turn)
    if (turn > 200) std::this_thread::sleep_for(std::chrono::microseconds(100));
}

bool is_recorded() noexcept { return current_correlation != nullptr && current_correlation->tape != nullptr; }

void lock_tapes() noexcept { tapes().mutex.lock(); }
void unlock_tapes() noexcept { tapes().mutex.unlock(); }
void let_go_of_tapes() noexcept {
  // What another thread was writing is not counted yet, so what is there is whole.
  for (flight_tape* const each : tapes().all) each->let_go();
}

bool flight_tape::make_room(std::uint32_t size) noexcept {
  flight_recorder& recorder = *static_cast<stream_core*>(stream)->recorder;
  const std::size_t half_bytes = recorder.half_bytes();
  if (size > half_bytes) {
    ++overwritten; // a record as large as that would leave room for no other
    return false;
  }
  if (newer.begin == nullptr) {
    newer.begin = recorder.acquire();
    if (newer.begin == nullptr) {
      // relaxed: a counter.
      recorder.refused.fetch_add(1, std::memory_order_relaxed);
      return false;
    }
    older = {};
  } else {
    newer.bytes = static_cast<std::uint32_t>(at - newer.begin);
    overwritten += older.records;
    std::byte* const forgotten = older.begin == nullptr ? newer.begin + half_bytes : older.begin;
    older = std::exchange(newer, {.begin = forgotten});
  }
  newer.records = 0;
  at = newer.begin;
  end = at + half_bytes;
  return true;
}

void check_recorder(const recorder_options& options) {
  check_enumerator("log_options.recorder.lowest", options.lowest, level::off);
  check_option<std::size_t>("log_options.recorder.bytes", options.bytes, 1024, std::size_t{1} << 20);
  check_power_of_two("log_options.recorder.bytes", options.bytes);
  check_option<std::size_t>("log_options.recorder.memory_limit_bytes", options.memory_limit_bytes, options.bytes,
                            std::size_t{64} << 30);
}

} // namespace detail

using detail::flight_tape;

recording::recording(log_stream& stream) : core_(stream.core_) {
  if (core_->recorder == nullptr)
    throw std::invalid_argument("recording: the stream has no recorder; set log_options::recorder");
  tape_ = detail::take_tape();
  begin();
}

recording::~recording() {
  end();
  detail::give_back(tape_);
}

void recording::begin() noexcept {
  end();
  tape_->hold_as_owner();
  round_ = tape_->round = ++tape_->last_round;
  tape_->stream = core_.get();
  tape_->let_go();
}

void recording::end() noexcept {
  round_ = 0;
  tape_->hold_as_owner();
  tape_->round = 0;
  tape_->stream = nullptr;
  std::byte* const memory = tape_->take().memory();
  tape_->let_go();
  if (memory != nullptr) core_->recorder->release(memory);
}

recording::result recording::emit() noexcept {
  tape_->hold_as_owner();
  const flight_tape::content kept = tape_->take();
  tape_->let_go();
  result done{.overwritten = kept.overwritten};
  for (const auto& half : {kept.older, kept.newer}) done.records += detail::emit_half(*core_, half);
  if (std::byte* const memory = kept.memory()) core_->recorder->release(memory);
  // relaxed, both: counters.
  core_->recorder->emitted.fetch_add(done.records, std::memory_order_relaxed);
  core_->recorder->overwritten.fetch_add(done.overwritten, std::memory_order_relaxed);
  return done;
}

correlation recording::attach(correlation ids) const noexcept {
  if (round_ == 0) return ids;
  ids.tape = tape_;
  ids.recording_round = round_;
  return ids;
}

} // namespace weir
