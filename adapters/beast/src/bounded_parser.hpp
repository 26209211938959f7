// Beast's parsers, with the fields that they take in kept within a header's limit.
#pragma once

#include "header_rules.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <cstddef>
#include <cstdint>

namespace weir::detail {

/// What it differs in:
/// - Trailers are checked, counted, and left out: RFC 9110 section 6.5.1 wants each of them to be known as harmless
///   before it becomes a header, and Beast's become headers behind all checks.
/// - The limit on the header counts for all of it, trailers included. Beast's counts for what it has been given at a
///   time, and takes lines that have come whole in before the next are.
/// - What Beast would throw for, a name or a value of 64 KiB, is an error like any other.
template <bool IsRequest>
class bounded_parser : public boost::beast::http::parser<IsRequest, boost::beast::http::string_body> {
 public:
  using error_code = boost::system::error_code;

 protected:
  using string_view = boost::beast::string_view;

  explicit bounded_parser(std::uint32_t header_limit_bytes) : room_(header_limit_bytes) {
    this->header_limit(header_limit_bytes);
  }

 private:
  using field = boost::beast::http::field;
  using errors = boost::beast::http::error;

  void on_field_impl(field name, string_view name_text, string_view value, error_code& error) override {
    if (!take_room(name_text.size(), value.size()))
      error = errors::header_limit;
    else if (!this->is_header_done())
      this->get().insert(name, name_text, value);
  }

  // Left out; what would change where the body ends is an error, as it is where a trailer is a field like any other.
  // Newer versions of Beast have this for trailers; so without `override`.
  void on_trailer_field_impl(field name, string_view name_text, string_view value, error_code& error) {
    if (!take_room(name_text.size(), value.size()))
      error = errors::header_limit;
    else if (name == field::content_length)
      error = errors::bad_content_length;
    else if (name == field::transfer_encoding)
      error = errors::bad_transfer_encoding;
  }

  /// Whether Beast can keep a field of these sizes, and the header may have it: then its room is taken.
  bool take_room(std::size_t name, std::size_t value) noexcept {
    constexpr std::size_t around = 4; // a colon, a space, and the line's end
    if (name > longest_field_part || value > longest_field_part || name + value + around > room_) return false;
    room_ -= name + value + around;
    return true;
  }

  std::size_t room_;
};

} // namespace weir::detail
