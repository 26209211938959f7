// traceparent, read and written by position.
#include "weir/trace/trace_context.hpp"

#include "trace/hex.hpp"
#include "trace/random.hpp"
#include "white_space.hpp"

#include <array>

namespace weir {
namespace {

// Where things stand in "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".
constexpr std::size_t trace_id_at = 3;
constexpr std::size_t parent_id_at = 36;
constexpr std::size_t flags_at = 53;
constexpr std::size_t version_00_length = 55;

} // namespace

std::optional<trace_context> parse_traceparent(std::string_view value) noexcept {
  value = detail::trim(value);
  if (value.size() < version_00_length) return std::nullopt;
  if (value[trace_id_at - 1] != '-' || value[parent_id_at - 1] != '-' || value[flags_at - 1] != '-')
    return std::nullopt;

  const auto version = detail::read_hex(value.substr(0, 2));
  if (!version || *version == 0xff) return std::nullopt;
  if (value.size() > version_00_length && (*version == 0 || value[version_00_length] != '-')) return std::nullopt;

  const auto trace = parse_trace_id(value.substr(trace_id_at, 32));
  const auto span = parse_span_id(value.substr(parent_id_at, 16));
  const auto flags = detail::read_hex(value.substr(flags_at, 2));
  if (!trace || !span || !flags) return std::nullopt;
  trace_context sender;
  sender.trace = *trace;
  sender.span = *span;
  sender.flags.bits = static_cast<std::uint8_t>(*flags & trace_flags::known_bits);
  return sender;
}

static_text<55> to_traceparent(const trace_context& context) noexcept {
  static_text<55> text;
  char* out = text.chars.data();
  *out++ = '0';
  *out++ = '0';
  *out++ = '-';
  out = detail::write_hex(out, context.trace.high, 16);
  out = detail::write_hex(out, context.trace.low, 16);
  *out++ = '-';
  out = detail::write_hex(out, context.span.value, 16);
  *out++ = '-';
  detail::write_hex(out, context.flags.bits & trace_flags::known_bits, 2);
  return text;
}

trace_context make_child(trace_context caller) noexcept {
  caller.parent = caller.span;
  caller.span = random_span_id();
  return caller;
}

trace_context make_root(bool sampled) noexcept {
  std::array<std::uint64_t, 3> words{};
  trace_context root;
  do {
    detail::fill_random(words);
    root.trace = {words[0], words[1]};
    root.span = {words[2]};
  } while (!root.valid());
  root.flags.bits = trace_flags::random_bit;
  if (sampled) root.flags.bits |= trace_flags::sampled_bit;
  return root;
}

} // namespace weir
