// Beast's parser of requests, with what it lets pass kept within the limits.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <cstddef>
#include <cstdint>

namespace weir::detail {

/// What it differs in:
/// - Trailers are checked, counted, and left out: RFC 9110 section 6.5.1 wants each of them to be known as harmless
///   before it becomes a header, and Beast's become headers behind all checks.
/// - The limit on the header counts for all of it. Beast's counts for what it has been given at a time, and takes
///   lines that have come whole in before the next are.
/// - What Beast would throw for, a name or a value of 64 KiB, is an error like any other.
/// - Chunks' extensions are as long, all together, as a header may be, and the data besides, at most. They have no
///   control characters but tabs, within quotes neither (RFC 9112 section 7.1.1).
/// - A bare LF in a chunk's line, or in a trailer, is an error as soon as it comes; Beast waits for a CR LF behind.
/// - An empty line before the request is passed over.
/// - A version that is not served is told from what is none: errc::protocol_not_supported.
class request_parser final : public boost::beast::http::request_parser<boost::beast::http::string_body> {
 public:
  using error_code = boost::system::error_code;

  /// Bodies have no limit yet.
  explicit request_parser(std::uint32_t header_limit_bytes);

  /// As put(). Errors: need_more, too, if `bytes` are none.
  std::size_t take(boost::asio::const_buffer bytes, error_code& error);

 private:
  using string_view = boost::beast::string_view;

  void on_field_impl(boost::beast::http::field name, string_view name_text, string_view value,
                     error_code& error) override;
  // Newer versions of Beast have it for trailers; so without `override`.
  void on_trailer_field_impl(boost::beast::http::field name, string_view name_text, string_view value,
                             error_code& error);
  void on_chunk_header_impl(std::uint64_t size, string_view extensions, error_code& error) override;
  bool has_bare_line_feed(string_view untaken, bool is_new) noexcept;

  std::size_t room_;                // for fields
  std::uint64_t extension_room_;    // for chunks' extensions
  std::size_t looked_at_ = 0;       // of what has come of a chunk's line
  bool may_have_empty_line_ = true; // before the request
};

} // namespace weir::detail
