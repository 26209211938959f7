// Beast's parser of responses, with what it lets pass refused or left out.
#pragma once

#include "bounded_parser.hpp"

#include <cstdint>

namespace weir::detail {

/// What it differs in, besides what bounded_parser does:
/// - A body whose end may be read in two ways is an error: a Transfer-Encoding that is not `chunked` alone, or is
///   beside a Content-Length (RFC 9112 section 6.3). Beast takes a body in another coding for one that ends with the
///   connection, and leaves it encoded.
/// - A status below 100 is an error; Beast's callers would take it for one of those before the final one.
class response_parser final : public bounded_parser<false> {
 public:
  explicit response_parser(std::uint32_t header_limit_bytes) : bounded_parser(header_limit_bytes) {}

 private:
  void on_header_impl(error_code& error) override;
};

} // namespace weir::detail
