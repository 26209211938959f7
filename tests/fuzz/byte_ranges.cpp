// Any bytes as a Range header select nothing that lies outside the resource, and no more than it has.
#include "weir/http/byte_ranges.hpp"

#include "input.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using kind = weir::selected_ranges::kind;
  input in(data, size);
  const auto length = in.value<std::uint64_t>() >> (in.value<std::uint8_t>() & 63U);
  const auto found = weir::select_ranges(in.rest(), length);
  must((found.what() == kind::partial) == !found.ranges().empty());
  must(found.ranges().size() <= weir::selected_ranges::max_ranges);
  std::uint64_t left = length;
  for (const weir::byte_range& each : found.ranges()) {
    must(each.length != 0 && each.first < length && each.length <= length - each.first);
    must(each.length <= left);
    left -= each.length;
  }
  return 0;
}
