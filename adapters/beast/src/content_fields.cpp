#include "content_fields.hpp"

#include <boost/beast/core/string.hpp>

#include <algorithm>
#include <array>
#include <iterator>

namespace weir::detail {

namespace {

namespace beast = boost::beast;

// What to leave is named, and not what to erase: what proxies obey has any name (X-Accel-Redirect, X-Sendfile,
// Surrogate-Control), and with another answer it would do what nobody wants.
constexpr std::array<beast::string_view, 26> kept{
    // Fetch and HTML: what pages may do with the answer
    "Strict-Transport-Security", "Content-Security-Policy", "Content-Security-Policy-Report-Only",
    "X-Content-Type-Options", "X-Frame-Options", "X-XSS-Protection", "X-Permitted-Cross-Domain-Policies",
    "Referrer-Policy", "Permissions-Policy", "Feature-Policy", "Origin-Agent-Cluster", "Timing-Allow-Origin",
    "Report-To", "Reporting-Endpoints", "NEL", "X-Robots-Tag",
    // RFC 9110 sections 6.6.1, 7.6.3, 10.2 and 12.5.5, RFC 6265, RFC 7838
    "Date", "Via", "Server", "Allow", "Vary", "Set-Cookie", "Alt-Svc",
    // Trace context, request ids
    "traceresponse", "X-Request-ID", "X-Correlation-ID"};
constexpr std::array<beast::string_view, 4> kept_families{"Access-Control-", "Cross-Origin-", "RateLimit",
                                                          "X-RateLimit-"};

bool is_kept(beast::string_view name) {
  return std::ranges::any_of(kept, [&](beast::string_view each) { return beast::iequals(name, each); }) ||
         std::ranges::any_of(kept_families, [&](beast::string_view family) {
           return beast::iequals(name.substr(0, std::min(family.size(), name.size())), family);
         });
}

} // namespace

void erase_content_fields(beast::http::fields& headers) {
  for (auto each = headers.begin(); each != headers.end();)
    each = is_kept(each->name_string()) ? std::next(each) : headers.erase(each);
}

} // namespace weir::detail
