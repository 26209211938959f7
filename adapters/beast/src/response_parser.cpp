#include "response_parser.hpp"

#include "header_flaw.hpp"
#include "heads.hpp"

#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>

#include <cstddef>
#include <string_view>

namespace weir::detail {

namespace http = boost::beast::http;

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
