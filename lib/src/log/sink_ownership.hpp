// Who may use a sink: one stream, or the sink that wraps it.
#pragma once

#include "weir/log/sink.hpp"

#include <memory>
#include <span>
#include <string_view>

namespace weir::detail {

/// A sink is used by one thread at a time: two that shared one would write into the same buffer. Thread-safe.
class sink_ownership {
 public:
  /// Takes all of them or, if one has an owner, none: throws std::invalid_argument naming it. `whose`: where they
  /// were given, for the message.
  static void take(std::string_view whose, std::span<const std::shared_ptr<sink>> sinks);
  /// To be called when nobody uses them any more.
  static void let_go(std::span<const std::shared_ptr<sink>> sinks) noexcept;
};

} // namespace weir::detail
