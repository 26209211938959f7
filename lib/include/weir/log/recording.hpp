// The flight recorder: what is below the level is kept while a piece of work goes on, for the case that it goes
// wrong.
#pragma once

#include "weir/correlation.hpp"
#include "weir/log/level.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace weir {

class log_stream;

/// How much a stream's recordings keep.
struct recorder_options {
  /// Records from this level up to their logger's threshold are kept; default trace. A logger at level::off is not
  /// recorded either. Raising it leaves statements below it at the cost of a comparison.
  level lowest = level::trace;
  /// The memory of one recording, bytes; a power of two from 1 KiB to 1 MiB, default 16 KiB. When it is full, half of
  /// it, with the oldest records, is forgotten.
  std::size_t bytes = std::size_t{16} << 10;
  /// The memory of all recordings, bytes; `bytes` to 64 GiB, default 16 MiB. A recording takes its own when the first
  /// record comes and gives it back at its end. Those that find none left keep nothing, which is counted.
  std::size_t memory_limit_bytes = std::size_t{16} << 20;
};

namespace detail {
struct flight_tape;
class stream_core;
} // namespace detail

/// One piece of work, such as a request. Records that its contexts' threads log below their logger's level are kept
/// in memory; emit() writes them to the stream with the times at which they were logged, each with a field
/// `recorded=true`; otherwise they are forgotten. What is at or above the level is logged at once, as always.
///
///   weir::recording recording(stream);                            // log_options::recorder is set
///   const auto ctx = weir::with_recording(request_ctx, recording); // context_recording.hpp
///   …                                                             // work under ctx
///   if (failed) recording.emit();
///
/// An exchange has one of its own: see observer_options::recorder.
///
/// Thread safety: begin(), emit() and end() by one thread at a time; records are kept from any number of threads at
/// the same time. Lifetime: as long as you like, also after its stream's end, and shorter than that of the contexts
/// it was given to. Cost: to keep a record what it costs to log one, plus an uncontended lock; to begin and to end
/// an uncontended lock each.
#pragma push_macro("emit")
#undef emit // Qt's keyword
class recording {
 public:
  struct result {
    std::size_t records = 0;       ///< given to the stream, whose overflow policy and statistics apply to them
    std::uint64_t overwritten = 0; ///< older ones that were forgotten to make room
  };

  /// Begins. Errors: throws std::invalid_argument if the stream has no recorder, std::bad_alloc.
  explicit recording(log_stream& stream);
  recording(const recording&) = delete;
  recording& operator=(const recording&) = delete;
  /// Ends.
  ~recording();

  /// Forgets what is kept, and begins anew: contexts that it was given to before are not recorded any more.
  void begin() noexcept;
  /// Writes what is kept to the stream, in the order in which it was logged, before whatever this thread logs next;
  /// the recording goes on. Cost: a copy of each record.
  result emit() noexcept;
  /// Forgets what is kept, and keeps nothing until the next begin().
  void end() noexcept;

  /// `ids` as of work that is recorded: for whoever makes a context's ids. See with_recording() for all others.
  correlation attach(correlation ids) const noexcept;

 private:
  std::shared_ptr<detail::stream_core> core_;
  detail::flight_tape* tape_;
  std::uint64_t round_ = 0;
};
#pragma pop_macro("emit")

} // namespace weir
