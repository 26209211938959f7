// Any bytes as baggage headers are skipped or kept as a list within the limits, which reads back as itself; any bytes
// set as a value are sent as a valid header, and come back as they were if they were UTF-8.
#include "weir/trace/baggage.hpp"

#include "input.hpp"
#include "log/well_formed.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace {

// Judged apart from the library's tables.
bool is_harmless(std::string_view header) {
  return std::ranges::all_of(header, [](char c) { return c > ' ' && c < '\x7f' && c != '"' && c != '\\'; });
}

void check(const weir::baggage& list) {
  must(list.size() <= weir::baggage::max_members && list.to_header().size() <= weir::baggage::max_bytes);
  must(is_harmless(list.to_header()));
  const weir::parsed_baggage again = weir::parse_baggage(list.to_header());
  must(again.kept == list && again.malformed == 0 && again.over_limit == 0);
  const auto members = list.members();
  must(members.size() == list.size());
  for (const weir::baggage_member& member : members) {
    must(is_utf8(member.value()));
    must(list.get(member.key) == member.value());
    must(list.find(member.key)->key.data() == member.key.data()); // no key twice
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  input in(data, size);
  const std::string key = in.text(), value = in.text(), properties = in.text();
  // The rest is headers, one a line.
  const std::string rest = in.rest();
  std::vector<std::string_view> headers;
  for (std::string_view left = rest; !left.empty();) {
    const std::size_t end = left.find('\n');
    headers.push_back(left.substr(0, end));
    left = end == left.npos ? std::string_view{} : left.substr(end + 1);
  }
  weir::parsed_baggage parsed = weir::parse_baggage(headers);
  check(parsed.kept);

  const weir::baggage before = parsed.kept;
  if (parsed.kept.set(key, value, properties)) {
    check(parsed.kept);
    must(parsed.kept.find(key).has_value());
    if (is_utf8(value)) must(parsed.kept.get(key) == value);
    must(parsed.kept.size() == before.size() + (before.find(key) ? 0 : 1));
    must(parsed.kept.erase(key) && !parsed.kept.find(key));
    check(parsed.kept);
  } else {
    must(parsed.kept == before);
  }
  return 0;
}
