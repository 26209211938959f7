// What stands around the ranges of a response that has several.
#pragma once

#include "weir/http/byte_ranges.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir::detail {

/// The value of Content-Range (RFC 9110, section 14.4).
std::string content_range(const byte_range& range, std::uint64_t size);

/// multipart/byteranges (RFC 9110, section 14.6). The boundary is random, so that no file can have it in it on
/// purpose.
struct multipart {
  /// `type`, `size`: the whole file's.
  multipart(std::span<const byte_range> ranges, std::string_view type, std::uint64_t size);

  const std::string boundary;
  std::vector<std::string> heads; ///< what stands before each range
  const std::string end;          ///< what stands behind the last one
  std::uint64_t length;           ///< of the whole body
};

} // namespace weir::detail
