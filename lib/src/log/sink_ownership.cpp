#include "log/sink_ownership.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <stdexcept>

namespace weir::detail {

void sink_ownership::take(std::string_view whose, std::span<const std::shared_ptr<sink>> sinks) {
  for (std::size_t i = 0; i < sinks.size(); ++i) {
    // acquire: pairs with the release below; what the last owner did with the sink is over.
    if (!sinks[i]->owned_.exchange(true, std::memory_order_acquire)) continue;
    let_go(sinks.first(i));
    throw std::invalid_argument(
        fmt::format("{} hold \"{}\", which belongs to another stream, to on_own_thread() or to filtered() already",
                    whose, sinks[i]->name()));
  }
}

void sink_ownership::let_go(std::span<const std::shared_ptr<sink>> sinks) noexcept {
  // release: pairs with the acquire above.
  for (const auto& each : sinks) each->owned_.store(false, std::memory_order_release);
}

} // namespace weir::detail
