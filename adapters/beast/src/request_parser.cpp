#include "request_parser.hpp"

#include "header_rules.hpp"
#include "heads.hpp"

#include <boost/beast/http/error.hpp>
#include <boost/none.hpp>
#include <boost/system/errc.hpp>

#include <string_view>

namespace weir::detail {

namespace http = boost::beast::http;

namespace {

/// RFC 9112 section 2.3: whether the first line ends with a version, but none of those that are served.
bool has_other_version(std::string_view text) noexcept {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  text = text.substr(0, text.find('\r'));
  text.remove_prefix(text.rfind(' ') + 1); // 0 if there is none
  if (text.size() != 8 || !text.starts_with("HTTP/")) return false;
  text.remove_prefix(5);
  return is_digit(text[0]) && text[1] == '.' && is_digit(text[2]) && text != "1.0" && text != "1.1";
}

} // namespace

request_parser::request_parser(std::uint32_t header_limit_bytes)
    : bounded_parser(header_limit_bytes), extension_room_(header_limit_bytes) {
  body_limit(boost::none);
}

std::size_t request_parser::take(boost::asio::const_buffer bytes, error_code& error) {
  std::size_t passed_over = 0;
  std::string_view text(static_cast<const char*>(bytes.data()), bytes.size());
  // RFC 9112 section 2.2: clients there were that ended a body with it, beyond its length.
  if (may_have_empty_line_ && text.starts_with('\r') && (text.size() == 1 || text[1] == '\n')) {
    passed_over = text.size() == 1 ? 0 : 2;
    may_have_empty_line_ = passed_over == 0;
    text.remove_prefix(text.size() == 1 ? 1 : 2);
  }
  error = http::error::need_more;
  if (text.empty()) return passed_over;
  may_have_empty_line_ = false;
  const std::size_t taken = put({text.data(), text.size()}, error);
  if (error == http::error::bad_version && has_other_version(text))
    error = make_error_code(boost::system::errc::protocol_not_supported);
  text.remove_prefix(taken);
  if (error == http::error::need_more && is_header_done() && has_bare_line_feed(to_beast(text), taken != 0))
    error = http::error::bad_line_ending;
  return passed_over + taken;
}

/// In what is left behind the header, which is of a line whose end has not come. `is_new`: not of the same as last.
bool request_parser::has_bare_line_feed(string_view untaken, bool is_new) noexcept {
  for (std::size_t i = is_new ? 0 : looked_at_; i < untaken.size(); ++i)
    if (untaken[i] == '\n' && (i == 0 || untaken[i - 1] != '\r')) return true;
  looked_at_ = untaken.size();
  return false;
}

void request_parser::on_chunk_header_impl(std::uint64_t size, string_view extensions, error_code& error) {
  // Within quotes Beast takes any byte. Who ends the line at a bare LF sees another chunk behind it.
  if (extensions.size() > extension_room_ || !is_field_value({extensions.data(), extensions.size()}))
    error = http::error::bad_chunk_extension;
  else
    extension_room_ = extension_room_ - extensions.size() + size;
}

} // namespace weir::detail
