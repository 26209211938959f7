#include "multipart.hpp"

#include "weir/trace/ids.hpp"

#include <fmt/format.h>

namespace weir::detail {

std::string content_range(const byte_range& range, std::uint64_t size) {
  return fmt::format("bytes {}-{}/{}", range.first, range.first + range.length - 1, size);
}

multipart::multipart(std::span<const byte_range> ranges, std::string_view type, std::uint64_t size)
    : boundary(to_hex(random_trace_id()).view()), end(fmt::format("\r\n--{}--\r\n", boundary)), length(end.size()) {
  heads.reserve(ranges.size());
  for (const byte_range& each : ranges) {
    heads.push_back(fmt::format("{}--{}\r\nContent-Type: {}\r\nContent-Range: {}\r\n\r\n",
                                heads.empty() ? "" : "\r\n", boundary, type, content_range(each, size)));
    length += heads.back().size() + each.length;
  }
}

} // namespace weir::detail
