// Beast's parser of responses, with what it lets pass refused or left out.
#pragma once

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <cstddef>
#include <cstdint>

namespace weir::detail {

/// What it differs in:
/// - A body whose end may be read in two ways is an error: a Transfer-Encoding that is not `chunked` alone, or is
///   beside a Content-Length (RFC 9112 section 6.3). Beast takes a body in another coding for one that ends with the
///   connection, and leaves it encoded.
/// - A status below 100 is an error; Beast's callers would take it for one of those before the final one.
/// - Trailers are checked, counted, and left out (RFC 9110 section 6.5.1). Beast's become headers.
/// - The limit on the header counts for all of it, trailers included, and what Beast would throw for, a name or a
///   value of 64 KiB, is an error like any other.
class response_parser final : public boost::beast::http::response_parser<boost::beast::http::string_body> {
 public:
  using error_code = boost::system::error_code;

  explicit response_parser(std::uint32_t header_limit_bytes);

 private:
  using string_view = boost::beast::string_view;

  void on_field_impl(boost::beast::http::field name, string_view name_text, string_view value,
                     error_code& error) override;
  // Newer versions of Beast have it for trailers; so without `override`.
  void on_trailer_field_impl(boost::beast::http::field name, string_view name_text, string_view value,
                             error_code& error);
  void on_header_impl(error_code& error) override;

  std::size_t room_; // for fields
};

} // namespace weir::detail
