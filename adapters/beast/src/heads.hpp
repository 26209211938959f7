// What the heads of Beast's messages say, by the rules of HTTP.
#pragma once

#include "any_case.hpp"
#include "weir/http/request_headers.hpp"

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/rfc7230.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace weir::detail {

inline std::string_view to_view(boost::beast::string_view text) noexcept { return {text.data(), text.size()}; }
inline boost::beast::string_view to_beast(std::string_view text) noexcept { return {text.data(), text.size()}; }

/// What a target in a proxy's form, `http://host:80/path`, has between scheme and path: RFC 9112 section 3.2.2 has
/// servers take it, too. Nothing of a target that has another form.
inline std::optional<std::string_view> authority_of(std::string_view target) noexcept {
  if (target.starts_with('/')) return std::nullopt; // nearly all
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!equals_in_any_case(target.substr(0, scheme.size()), scheme)) continue;
    target.remove_prefix(scheme.size());
    return target.substr(0, target.find_first_of("/?"));
  }
  return std::nullopt;
}

/// What of a target is before the query, and behind the authority where it has one.
inline std::string_view path_of(std::string_view target) noexcept {
  if (const auto authority = authority_of(target)) {
    target.remove_prefix(static_cast<std::size_t>(authority->data() + authority->size() - target.data()));
    if (!target.starts_with('/')) return "/";
  }
  return target.substr(0, target.find('?'));
}

/// RFC 9112 section 3.2.2: whom a target in a proxy's form names is asked for, whatever Host says. That becomes so
/// for all who read it.
inline void take_host_of_target(boost::beast::http::request_header<>& request) {
  if (const auto authority = authority_of(to_view(request.target())))
    request.set(boost::beast::http::field::host, to_beast(*authority));
}

/// RFC 9110 section 10.1.1: whether the client waits for 100 before it sends a body. One of HTTP/1.0 does not know
/// what it asks for.
inline bool expects_invitation(const boost::beast::http::request_header<>& request) {
  namespace http = boost::beast::http;
  if (request.version() < 11) return false;
  const auto [first, last] = request.equal_range(http::field::expect);
  return std::any_of(first, last,
                     [](const auto& each) { return http::token_list(each.value()).exists("100-continue"); });
}

/// RFC 9112 section 9.3: whether the sender of a message with these headers lets the connection go on behind it. All
/// lines of Connection count, and `close` before anything else; Beast's keep_alive() looks at the first.
inline bool wants_to_go_on(unsigned version, const boost::beast::http::fields& headers) {
  namespace http = boost::beast::http;
  bool goes_on = version >= 11;
  const auto [first, last] = headers.equal_range(http::field::connection);
  for (auto each = first; each != last; ++each) {
    http::token_list options(each->value());
    if (options.exists("close")) return false;
    goes_on = goes_on || options.exists("keep-alive");
  }
  return goes_on;
}

/// Offers all headers of a message.
inline void take_all(request_headers& into, const boost::beast::http::fields& headers) noexcept {
  for (const auto& each : headers) into.take(to_view(each.name_string()), to_view(each.value()));
}

/// So that a client can name its request to whoever looks into the log; nothing if there is no id, or the header has
/// been set already.
inline void set_request_id(boost::beast::http::fields& headers, std::string_view id) {
  constexpr const char* name = "X-Request-ID";
  if (!id.empty() && headers.find(name) == headers.end()) headers.set(name, to_beast(id));
}

} // namespace weir::detail
