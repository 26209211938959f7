// The ids: to text, from text, and new ones.
#include "weir/trace/ids.hpp"

#include "trace/hex.hpp"
#include "trace/random.hpp"

#include <array>
#include <span>

namespace weir {

static_text<32> to_hex(trace_id id) noexcept {
  static_text<32> text;
  detail::write_hex(detail::write_hex(text.chars.data(), id.high, 16), id.low, 16);
  return text;
}

static_text<16> to_hex(span_id id) noexcept {
  static_text<16> text;
  detail::write_hex(text.chars.data(), id.value, 16);
  return text;
}

std::optional<trace_id> parse_trace_id(std::string_view text) noexcept {
  if (text.size() != 32) return std::nullopt;
  const auto high = detail::read_hex(text.substr(0, 16));
  const auto low = detail::read_hex(text.substr(16));
  if (!high || !low || (*high | *low) == 0) return std::nullopt;
  return trace_id{*high, *low};
}

std::optional<span_id> parse_span_id(std::string_view text) noexcept {
  if (text.size() != 16) return std::nullopt;
  const auto value = detail::read_hex(text);
  if (!value || *value == 0) return std::nullopt;
  return span_id{*value};
}

trace_id random_trace_id() noexcept {
  std::array<std::uint64_t, 2> words{};
  do {
    detail::fill_random(words);
  } while ((words[0] | words[1]) == 0);
  return {words[0], words[1]};
}

span_id random_span_id() noexcept {
  span_id id;
  do {
    detail::fill_random(std::span(&id.value, 1));
  } while (!id.valid());
  return id;
}

} // namespace weir
