// What Beast's parser lets pass, and whoever stands before or behind this server may read in another way.
#pragma once

#include "header_rules.hpp"
#include "heads.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>

#include <algorithm>
#include <iterator>
#include <string_view>

namespace weir::detail {

/// Why a header cannot be served; status 0: it can.
struct header_flaw {
  unsigned status = 0;
  std::string_view why{};
};

/// RFC 9112 section 3.2: one Host in HTTP/1.1, and one at most.
inline header_flaw flaw_of_host(const boost::beast::http::request_header<>& header) {
  namespace http = boost::beast::http;
  const auto hosts = header.count(http::field::host);
  if (hosts > 1) return {400, "several Host headers"};
  if (hosts == 0 && header.version() >= 11) return {400, "no Host header"};
  if (!is_host(to_view(header[http::field::host]))) return {400, "a Host that is none"};
  return {};
}

/// RFC 9112 sections 6.1 and 6.3: where the body ends is only known if `chunked` is the last coding, and what is in
/// it only if it is the only one. Beast takes a body in another coding for none, and would read it as the next
/// request.
inline header_flaw flaw_of_coding(const boost::beast::http::request_header<>& header) {
  namespace http = boost::beast::http;
  const auto [first, end] = header.equal_range(http::field::transfer_encoding);
  if (first == end) return {};
  if (header.version() < 11) return {400, "Transfer-Encoding in HTTP/1.0"};
  auto last = first;
  for (auto each = first; each != end; ++each) last = each;
  const boost::beast::string_view value = last->value();
  std::string_view coding(value.data(), value.size());
  coding.remove_prefix(coding.rfind(',') + 1); // 0 if there is none
  while (!coding.empty() && (coding.front() == ' ' || coding.front() == '\t')) coding.remove_prefix(1);
  while (!coding.empty() && (coding.back() == ' ' || coding.back() == '\t')) coding.remove_suffix(1);
  if (!boost::beast::iequals({coding.data(), coding.size()}, "chunked"))
    return {400, "a Transfer-Encoding that does not end with chunked"};
  if (first != last || value.find(',') != value.npos) return {501, "a Transfer-Encoding besides chunked"};
  return {};
}

/// RFC 9110 section 8.6: one number. Beast takes several that are the same, in a list, too; whoever takes the first,
/// the last, or the list for something else, sees another end.
inline header_flaw flaw_of_length(const boost::beast::http::request_header<>& header) {
  const auto [first, end] = header.equal_range(boost::beast::http::field::content_length);
  if (first == end) return {};
  const boost::beast::string_view value = first->value();
  const bool is_number = std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
  return std::next(first) != end || !is_number ? header_flaw{400, "several Content-Lengths"} : header_flaw();
}

inline header_flaw find_flaw(const boost::beast::http::request_header<>& header) {
  header_flaw found = flaw_of_host(header);
  if (found.status == 0) found = flaw_of_coding(header);
  if (found.status == 0) found = flaw_of_length(header);
  return found;
}

} // namespace weir::detail
