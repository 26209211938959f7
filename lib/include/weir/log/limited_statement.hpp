// What the stream remembers of a log statement with a limit, to tell what no later record does.
#pragma once

#include "weir/log/level.hpp"

#include <atomic>
#include <concepts>
#include <cstdint>

namespace weir::detail {

/// A limit that gives an account of what it has held back.
template <class Limit>
concept accountable = requires(Limit& limit) {
  { limit.unreported() } -> std::same_as<std::uint64_t>;
  { limit.take_unreported() } -> std::same_as<std::uint64_t>;
};

/// A statement's own, with static storage, as its limit: a stream may know of it for as long as the process lives.
/// One of another kind has `hold`, line 0, and in the file's place the name of what is limited. Stands in one list at
/// a time: while `watched`, in the one of a stream (suppressed_statements.hpp).
struct limited_statement {
  template <class Limit>
  constexpr limited_statement(Limit& of, level at, const char* in_file, std::uint32_t in_line,
                              const char* in_function) noexcept
      : limit(&of), severity(at), line(in_line), file(in_file), function(in_function), watched(!accountable<Limit>) {
    if constexpr (accountable<Limit>) {
      unreported = [](void* it) noexcept { return static_cast<Limit*>(it)->unreported(); };
      take_unreported = [](void* it) noexcept { return static_cast<Limit*>(it)->take_unreported(); };
    }
  }

  std::uint64_t (*unreported)(void* limit) noexcept = nullptr;
  std::uint64_t (*take_unreported)(void* limit) noexcept = nullptr;
  void* limit;
  level severity;
  std::uint32_t line;
  const char* file;
  const char* function;
  /// Called with true before a stream begins to watch it, and with false when that has let go of it.
  void (*hold)(limited_statement&, bool) noexcept = nullptr;

  /// Some stream looks after it; or nobody needs to, for its limit gives no account.
  std::atomic<bool> watched;
  // The watching stream's; see there.
  limited_statement* next = nullptr;
  std::uint64_t seen = 0;
  std::uint64_t untold = 0;
};

} // namespace weir::detail
