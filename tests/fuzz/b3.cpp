// Any bytes as B3 headers cannot be read, or give a decision or ids, which a single header written from them gives
// again and a `traceparent` hands on.
#include "weir/trace/b3.hpp"

#include "input.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace {

using namespace weir;

// The single header that says the same.
std::string written(const b3_caller& caller) {
  const std::string state = caller.debug ? "d" : !caller.sampled ? "" : *caller.sampled ? "1" : "0";
  if (!caller.context.valid()) return state;
  std::string text(to_hex(caller.context.trace).view());
  text.append("-").append(to_hex(caller.context.span).view());
  if (!state.empty()) text.append("-").append(state);
  if (caller.context.parent.valid()) text.append("-").append(to_hex(caller.context.parent).view());
  return text;
}

void check(const std::optional<b3_caller>& caller) {
  if (!caller) return;
  const trace_context& context = caller->context;
  must(context.trace.valid() == context.span.valid());
  must(context.valid() || caller->sampled.has_value());
  must(context.state.empty() && context.flags.bits == (caller->sampled.value_or(false) ? 1 : 0));
  must(!caller->debug || caller->sampled == true);
  must(parse_b3_single(written(*caller)) == caller);
  if (!context.valid()) return;
  const auto handed_on = parse_traceparent(to_traceparent(context));
  must(handed_on.has_value() && handed_on->trace == context.trace && handed_on->span == context.span);
  must(handed_on->flags == context.flags);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  input in(data, size);
  const std::string single = in.text(), trace = in.text(), span = in.text();
  const std::string parent = in.text(), sampled = in.text(), flags = in.text();
  const auto alone = parse_b3_single(single);
  check(alone);
  const auto all = parse_b3({single, trace, span, parent, sampled, flags});
  check(all);
  if (alone) must(all == alone);
  return 0;
}
