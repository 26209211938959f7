// Beast's parser of requests, with what it lets pass kept within the limits.
#pragma once

#include "bounded_parser.hpp"

#include <boost/asio/buffer.hpp>

#include <cstddef>
#include <cstdint>

namespace weir::detail {

/// What it differs in, besides what bounded_parser does:
/// - Chunks' extensions are as long, all together, as a header may be, and the data besides, at most. They have no
///   control characters but tabs, within quotes neither (RFC 9112 section 7.1.1).
/// - A bare LF in a chunk's line, or in a trailer, is an error as soon as it comes; Beast waits for a CR LF behind.
/// - An empty line before the request is passed over.
/// - A version that is not served is told from what is none: errc::protocol_not_supported.
class request_parser final : public bounded_parser<true> {
 public:
  /// Bodies have no limit yet.
  explicit request_parser(std::uint32_t header_limit_bytes);

  /// As put(). Errors: need_more, too, if `bytes` are none.
  std::size_t take(boost::asio::const_buffer bytes, error_code& error);

 private:
  void on_chunk_header_impl(std::uint64_t size, string_view extensions, error_code& error) override;
  bool has_bare_line_feed(string_view untaken, bool is_new) noexcept;

  std::uint64_t extension_room_;    // for chunks' extensions
  std::size_t looked_at_ = 0;       // of what has come of a chunk's line
  bool may_have_empty_line_ = true; // before the request
};

} // namespace weir::detail
