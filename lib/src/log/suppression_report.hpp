// How the log says what limits held back, where no record does.
#pragma once

#include "log/delivery.hpp"
#include "log/stream_core.hpp"
#include "log/wall_clock.hpp"

#include <chrono>
#include <cstdint>

namespace weir::detail {

/// Says "N records suppressed since the last one of FILE:LINE", at the statement's level and with its position. These
/// lines are the stream's own and are not counted as records. Backend-thread-only.
class suppression_report {
 public:
  suppression_report(stream_core& core, delivery& out, const wall_clock& clock) noexcept
      : core_(core), out_(out), clock_(clock) {}

  /// What is due; see suppressed_statements. `now`: the lines' time, not before that of any record written.
  void say_if_due(std::uint64_t now) noexcept {
    if (core_.limited.is_empty()) return;
    core_.limited.look(std::chrono::steady_clock::now(),
                       [&](const limited_statement& of, std::uint64_t count) { return say(of, count, now); });
  }
  /// All there is: the stream ends.
  void say(std::uint64_t now) noexcept {
    core_.limited.end([&](const limited_statement& of, std::uint64_t count) { return say(of, count, now); });
  }

 private:
  bool say(const limited_statement& of, std::uint64_t count, std::uint64_t now) noexcept;

  stream_core& core_;
  delivery& out_;
  const wall_clock& clock_;
};

} // namespace weir::detail
