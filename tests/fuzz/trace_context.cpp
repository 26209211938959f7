// Any bytes as `traceparent`, `tracestate` and `X-Request-ID` cannot be read, or give what is written again as the
// same, and is harmless in a header.
#include "weir/trace/trace_context.hpp"
#include "weir/trace/request_id.hpp"

#include "input.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace weir;

void check_parent(std::string_view text) {
  const auto caller = parse_traceparent(text);
  if (!caller) return;
  must(caller->valid() && !caller->parent.valid() && caller->state.empty());
  const auto written = to_traceparent(*caller);
  must(parse_traceparent(written.view()) == caller);
  must(parse_traceparent("\t " + std::string(written.view()) + " ") == caller);
  must(!parse_traceparent(std::string(written.view()) + "-"));
  // Version and flags apart, it is what stood there.
  must(text.find(written.view().substr(2, 51)) != text.npos);
}

void check_state(const std::vector<std::string_view>& headers, std::string_view key, std::string_view value) {
  const auto read = parse_tracestate(headers);
  if (!read) return;
  must(read->size() <= tracestate::max_members && read->empty() == read->text().empty());
  must(std::ranges::all_of(read->text(), [](char c) { return c >= ' ' && c <= '~'; }));
  must(parse_tracestate(read->text()) == read);

  tracestate changed = *read;
  const auto had = read->get(key).has_value();
  if (!changed.set(key, value)) {
    must(changed == *read);
    return;
  }
  must(changed.text().starts_with(std::string(key) + "=" + std::string(value)));
  must(changed.get(key) == value && parse_tracestate(changed.text()) == changed);
  must(changed.size() == std::min(read->size() + (had ? 0 : 1), tracestate::max_members));
  must(changed.erase(key) && !changed.get(key));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  input in(data, size);
  const std::string parent = in.text(), id = in.text(), key = in.text(), value = in.text();
  check_parent(parent);
  if (const auto kept = parse_request_id(id)) {
    must(!kept->empty() && kept->size() <= longest_request_id && id.find(*kept) != id.npos);
    must(std::ranges::all_of(*kept, [](char c) { return c > ' ' && c <= '~' && c != '"' && c != ',' && c != '\\'; }));
    must(parse_request_id(*kept) == kept);
  }
  // The rest is headers, one a line.
  const std::string rest = in.rest();
  std::vector<std::string_view> headers;
  for (std::string_view left = rest; !left.empty();) {
    const std::size_t end = left.find('\n');
    headers.push_back(left.substr(0, end));
    left = end == left.npos ? std::string_view{} : left.substr(end + 1);
  }
  check_state(headers, key, value);
  return 0;
}
