#include "content_fields.hpp"

#include "any_case.hpp"
#include "heads.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

namespace weir::detail {

namespace {

// What to leave is named, and not what to erase: what proxies obey has any name (X-Accel-Redirect, X-Sendfile,
// Surrogate-Control), and with another answer it would do what nobody wants.
constexpr std::array<std::string_view, 26> kept{
    // Fetch and HTML: what pages may do with the answer
    "strict-transport-security", "content-security-policy", "content-security-policy-report-only",
    "x-content-type-options", "x-frame-options", "x-xss-protection", "x-permitted-cross-domain-policies",
    "referrer-policy", "permissions-policy", "feature-policy", "origin-agent-cluster", "timing-allow-origin",
    "report-to", "reporting-endpoints", "nel", "x-robots-tag",
    // RFC 9110 sections 6.6.1, 7.6.3, 10.2 and 12.5.5, RFC 6265, RFC 7838
    "date", "via", "server", "allow", "vary", "set-cookie", "alt-svc",
    // Trace context, request ids
    "traceresponse", "x-request-id", "x-correlation-id"};
constexpr std::array<std::string_view, 4> kept_families{"access-control-", "cross-origin-", "ratelimit",
                                                        "x-ratelimit-"};

bool is_kept(std::string_view name) {
  return std::ranges::any_of(kept, [&](std::string_view each) { return equals_in_any_case(name, each); }) ||
         std::ranges::any_of(kept_families, [&](std::string_view family) {
           return equals_in_any_case(name.substr(0, family.size()), family);
         });
}

} // namespace

void erase_content_fields(boost::beast::http::fields& headers) {
  for (auto each = headers.begin(); each != headers.end();)
    each = is_kept(to_view(each->name_string())) ? std::next(each) : headers.erase(each);
}

} // namespace weir::detail
