#include "weir/trace/sampler.hpp"

#include "trace/hex.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <string_view>

namespace weir {
namespace {

constexpr std::size_t rv_digits = 14;

// The value of `rv` in `key:value;key:value`, if it is one.
std::optional<std::uint64_t> explicit_randomness(std::string_view members) noexcept {
  while (!members.empty()) {
    const std::size_t semicolon = members.find(';');
    const std::string_view member = members.substr(0, semicolon);
    if (member.starts_with("rv:")) {
      const std::string_view digits = member.substr(3);
      return digits.size() == rv_digits ? detail::read_hex(digits) : std::nullopt;
    }
    members = semicolon == std::string_view::npos ? std::string_view{} : members.substr(semicolon + 1);
  }
  return std::nullopt;
}

} // namespace

sampler sampler::ratio(double share) {
  if (!(share >= 0 && share <= 1))
    throw std::invalid_argument(fmt::format("sampler's ratio is {}: it must be from 0 to 1", share));
  // Scaling by a power of two is exact, so 1 gives a threshold of 0; half a unit is added to round to the nearest.
  const auto taken = static_cast<std::uint64_t>(share * static_cast<double>(randomness_end) + 0.5);
  return {randomness_end - taken, false};
}

std::uint64_t sampling_randomness(const trace_context& context) noexcept {
  if (!context.state.empty())
    if (const auto members = context.state.get("ot"))
      if (const auto value = explicit_randomness(*members)) return *value;
  return context.trace.low & ((std::uint64_t{1} << 56) - 1);
}

} // namespace weir
