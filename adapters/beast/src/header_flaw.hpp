// What Beast's parser lets pass, and whoever stands before or behind this server may read in another way.
#pragma once

#include "any_case.hpp"
#include "header_rules.hpp"
#include "heads.hpp"
#include "white_space.hpp"

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>

#include <algorithm>
#include <string_view>

namespace weir::detail {

/// Why a header cannot be served; status 0: it can.
struct header_flaw {
  unsigned status = 0;
  std::string_view why{};
};

/// RFC 9112 sections 6.1 and 6.3: where the body ends is only known if `chunked` is the last coding, and what is in
/// it only if it is the only one. Beast takes a body in another coding for none, and would read it as the next
/// request. `last`: the last of `count` Transfer-Encoding headers.
inline header_flaw flaw_of_coding(std::string_view last, std::size_t count, unsigned version) noexcept {
  if (count == 0) return {};
  if (version < 11) return {400, "Transfer-Encoding in HTTP/1.0"};
  std::string_view coding = last;
  coding.remove_prefix(coding.rfind(',') + 1); // 0 if there is none
  if (!equals_in_any_case(trim(coding), "chunked"))
    return {400, "a Transfer-Encoding that does not end with chunked"};
  if (count != 1 || last.find(',') != last.npos) return {501, "a Transfer-Encoding besides chunked"};
  return {};
}

/// RFC 9110 section 8.6: one number. Beast takes several that are the same, in a list, too; whoever takes the first,
/// the last, or the list for something else, sees another end. `last`: the last of `count` Content-Length headers.
inline header_flaw flaw_of_length(std::string_view last, std::size_t count) noexcept {
  const bool is_number = std::ranges::all_of(last, [](char c) { return c >= '0' && c <= '9'; });
  return count > 1 || !is_number ? header_flaw{400, "several Content-Lengths"} : header_flaw();
}

/// RFC 9112 section 3.2: a path, `http://host:80/path` with a host (RFC 9110 sections 4.2.1 and 4.2.4), of OPTIONS
/// `*`; of CONNECT also a bare `host:443`, for which there is no route.
inline header_flaw flaw_of_target(std::string_view method, std::string_view target) noexcept {
  if (target.starts_with('/')) return {};
  const auto authority = authority_of(target);
  const bool names_host = authority && !authority->empty() && !authority->starts_with(':') && is_host(*authority) &&
                          authority->size() <= longest_field_part; // as it becomes the header
  const bool is_other = !authority && (target == "*" ? method == "OPTIONS" : method == "CONNECT");
  return names_host || is_other ? header_flaw() : header_flaw{400, "a request target that is none"};
}

/// In one pass: a look-up in Beast's tree compares names, several for each.
inline header_flaw find_flaw(const boost::beast::http::request_header<>& header) {
  namespace http = boost::beast::http;
  struct kept {
    std::size_t count = 0;
    std::string_view last{};
    void keep(boost::beast::string_view value) noexcept {
      ++count;
      last = to_view(value);
    }
  };
  kept host, coding, length;
  for (const auto& each : header) {
    if (each.name() == http::field::host)
      host.keep(each.value());
    else if (each.name() == http::field::transfer_encoding)
      coding.keep(each.value());
    else if (each.name() == http::field::content_length)
      length.keep(each.value());
  }
  // RFC 9112 section 3.2: one Host in HTTP/1.1, and one at most.
  if (host.count > 1) return {400, "several Host headers"};
  if (host.count == 0 && header.version() >= 11) return {400, "no Host header"};
  if (!is_host(host.last)) return {400, "a Host that is none"};
  header_flaw found = flaw_of_target(to_view(header.method_string()), to_view(header.target()));
  if (found.status == 0) found = flaw_of_coding(coding.last, coding.count, header.version());
  return found.status != 0 ? found : flaw_of_length(length.last, length.count);
}

} // namespace weir::detail
