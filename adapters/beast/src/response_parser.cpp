#include "response_parser.hpp"

#include "header_flaw.hpp"
#include "header_rules.hpp"
#include "heads.hpp"

#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>

#include <cstddef>
#include <string_view>

namespace weir::detail {

namespace http = boost::beast::http;

response_parser::response_parser(std::uint32_t header_limit_bytes) : room_(header_limit_bytes) {
  header_limit(header_limit_bytes);
}

void response_parser::on_field_impl(http::field name, string_view name_text, string_view value, error_code& error) {
  if (!take_room_of_field(room_, to_view(name_text), to_view(value)))
    error = http::error::header_limit;
  else if (!is_header_done())
    get().insert(name, name_text, value);
}

/// Left out; what would change where the body ends is an error, as it is where a trailer is a field like any other.
void response_parser::on_trailer_field_impl(http::field name, string_view name_text, string_view value,
                                            error_code& error) {
  if (!take_room_of_field(room_, to_view(name_text), to_view(value)))
    error = http::error::header_limit;
  else if (name == http::field::content_length)
    error = http::error::bad_content_length;
  else if (name == http::field::transfer_encoding)
    error = http::error::bad_transfer_encoding;
}

void response_parser::on_header_impl(error_code& error) {
  if (get().result_int() < 100) {
    error = http::error::bad_status;
    return;
  }
  std::size_t codings = 0;
  std::string_view last;
  for (const auto& each : get().base()) {
    if (each.name() != http::field::transfer_encoding) continue;
    ++codings;
    last = to_view(each.value());
  }
  const bool is_flawed = flaw_of_coding(last, codings, get().version()).status != 0;
  if (is_flawed || (codings != 0 && get().count(http::field::content_length) != 0))
    error = http::error::bad_transfer_encoding;
}

} // namespace weir::detail
