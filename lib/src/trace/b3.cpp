#include "weir/trace/b3.hpp"

#include "any_case.hpp"
#include "trace/hex.hpp"
#include "white_space.hpp"

namespace weir {
namespace {

constexpr std::size_t id_digits = 16;

bool read_trace_id(std::string_view text, trace_id& id) noexcept {
  std::optional<trace_id> read;
  if (text.size() == id_digits) {
    if (const auto low = parse_span_id(text)) read = trace_id{0, low->value};
  } else {
    read = parse_trace_id(text);
  }
  if (read) id = *read;
  return read.has_value();
}

bool read_span_id(std::string_view text, span_id& id) noexcept {
  const auto read = parse_span_id(text);
  if (read) id = *read;
  return read.has_value();
}

// Unlike other ids a parent may be zero: some send that for none.
bool read_parent_id(std::string_view text, span_id& id) noexcept {
  const auto value = text.size() == id_digits ? detail::read_hex(text) : std::nullopt;
  if (value) id = span_id{*value};
  return value.has_value();
}

void decide(b3_caller& caller, bool sampled) noexcept {
  caller.sampled = sampled;
  caller.context.flags.bits = sampled ? trace_flags::sampled_bit : 0;
}

void force(b3_caller& caller) noexcept {
  decide(caller, true);
  caller.debug = true;
}

// `X-B3-Sampled`, which tracers write as their language writes a truth value; `d`, a single header's state, is no
// debug here, where that is a flag of its own.
std::optional<bool> read_sampled(std::string_view text) noexcept {
  if (text == "1" || text == "d" || detail::equals_in_any_case(text, "true")) return true;
  if (text == "0" || detail::equals_in_any_case(text, "false")) return false;
  return std::nullopt;
}

// The state of a single header.
bool read_state(std::string_view text, b3_caller& caller) noexcept {
  if (text == "d") {
    force(caller);
    return true;
  }
  if (text != "0" && text != "1") return false;
  decide(caller, text == "1");
  return true;
}

std::optional<b3_caller> parse_multi(const b3_headers& headers) noexcept {
  b3_caller caller;
  const std::string_view trace = detail::trim(headers.trace_id);
  const std::string_view span = detail::trim(headers.span_id);
  const std::string_view parent = detail::trim(headers.parent_span_id);
  const std::string_view sampled = detail::trim(headers.sampled);
  const std::string_view flags = detail::trim(headers.flags);

  const bool has_ids = !trace.empty() || !span.empty() || !parent.empty();
  if (has_ids) {
    if (!read_trace_id(trace, caller.context.trace) || !read_span_id(span, caller.context.span)) return std::nullopt;
    if (!parent.empty() && !read_parent_id(parent, caller.context.parent)) return std::nullopt;
  }
  if (!sampled.empty()) {
    const auto decision = read_sampled(sampled);
    if (!decision) return std::nullopt;
    decide(caller, *decision);
  }
  if (flags == "1") {
    force(caller);
  } else if (!flags.empty() && flags != "0") {
    return std::nullopt;
  }
  if (!has_ids && !caller.sampled) return std::nullopt;
  return caller;
}

} // namespace

std::optional<b3_caller> parse_b3_single(std::string_view value) noexcept {
  value = detail::trim(value);
  b3_caller caller;
  if (value.size() == 1) {
    if (!read_state(value, caller)) return std::nullopt;
    return caller;
  }
  // Cuts the field before the next dash off; false where there is none left.
  bool more = true;
  const auto next = [&value, &more](std::string_view& field) {
    if (!more) return false;
    const std::size_t dash = value.find('-');
    more = dash != std::string_view::npos;
    field = value.substr(0, dash);
    value = more ? value.substr(dash + 1) : std::string_view{};
    return true;
  };
  std::string_view field;
  if (!next(field) || !read_trace_id(field, caller.context.trace)) return std::nullopt;
  if (!next(field) || !read_span_id(field, caller.context.span)) return std::nullopt;
  if (!next(field)) return caller;
  // A parent may follow at once: no state means that the decision is left to others.
  if (field.size() == 1) {
    if (!read_state(field, caller)) return std::nullopt;
    if (!next(field)) return caller;
  }
  if (more || !read_parent_id(field, caller.context.parent)) return std::nullopt;
  return caller;
}

std::optional<b3_caller> parse_b3(const b3_headers& headers) noexcept {
  if (headers.empty()) return std::nullopt; // as in most requests
  if (!headers.single.empty())
    if (const auto caller = parse_b3_single(headers.single)) return caller;
  return parse_multi(headers);
}

} // namespace weir
