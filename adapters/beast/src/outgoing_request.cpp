#include "outgoing_request.hpp"

#include "any_case.hpp"
#include "header_rules.hpp"
#include "heads.hpp"

#include <boost/beast/http/field.hpp>
#include <boost/beast/http/fields.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace weir::detail {

namespace http = boost::beast::http;

namespace {

bool is_idempotent(std::string_view method) noexcept {
  constexpr std::array<std::string_view, 6> all{"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"};
  return std::ranges::find(all, method) != all.end();
}

/// What only the client can say, as it has the connection and the framing of the body.
bool is_reserved(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 8> all{
      "connection", "content-length", "keep-alive",        "proxy-connection",
      "te",         "trailer",        "transfer-encoding", "upgrade"};
  return std::ranges::any_of(all, [&](std::string_view each) { return equals_in_any_case(name, each); });
}

/// RFC 9112 sections 3 and 5.
std::string compose_head(const client_request& request, const http_url& url, const outgoing_call& call,
                         std::string_view deadline_header, const context& limited) {
  http::fields fields;
  for (const auto& [name, value] : request.headers) fields.insert(name, value);
  fields.erase("tracestate"); // it belongs to a traceparent, which is the context's
  call.headers().for_each(
      [&](std::string_view name, std::string_view value) { fields.set(to_beast(name), to_beast(value)); });
  // The call's context knows nothing of the client's time-out.
  if (const auto left = remaining(limited); left && !deadline_header.empty())
    fields.set(to_beast(deadline_header), to_beast(timeout_text(*left).view()));
  fields.set(http::field::host, to_beast(url.authority));
  // RFC 9110 section 8.6: a method that comes with content says so even if there is none.
  const bool takes_content = request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (takes_content || !request.body.empty())
    fields.set(http::field::content_length, std::to_string(request.body.size()));
  std::string head = fmt::format("{} {} HTTP/1.1\r\n", request.method, url.target);
  for (const auto& each : fields)
    fmt::format_to(std::back_inserter(head), "{}: {}\r\n", to_view(each.name_string()), to_view(each.value()));
  return head + "\r\n";
}

} // namespace

void check_sendable(const client_request& request) {
  if (!is_header_token(request.method))
    throw std::invalid_argument("client_request: '" + request.method + "' is no method");
  if (request.method == "CONNECT") throw std::invalid_argument("client_request: CONNECT, which asks for a tunnel");
  if (request.method == "TRACE" && !request.body.empty())
    throw std::invalid_argument("client_request: TRACE with a body"); // RFC 9110 section 9.3.8
  for (const auto& [name, value] : request.headers) {
    if (!is_header_token(name)) throw std::invalid_argument("client_request: '" + name + "' is no header's name");
    if (is_reserved(name)) throw std::invalid_argument("client_request: header " + name + " is the client's to set");
    if (!is_field_value(value)) throw std::invalid_argument("client_request: a control character in header " + name);
    if (name.size() > longest_field_part)
      throw std::invalid_argument("client_request: a header's name of " + std::to_string(name.size()) + " bytes");
    if (value.size() > longest_field_part)
      throw std::invalid_argument("client_request: header " + name + " has " + std::to_string(value.size()) +
                                  " bytes: it must have up to " + std::to_string(longest_field_part));
  }
}

outgoing_request::outgoing_request(client_request& request, const http_url& url, const outgoing_call& call,
                                   std::string_view deadline_header, const context& limited)
    : head(compose_head(request, url, call, deadline_header, limited)),
      body(std::move(request.body)),
      is_to_head(request.method == "HEAD"),
      may_repeat(is_idempotent(request.method)),
      is_secure(url.is_secure),
      host(url.host),
      port(url.port),
      server(fmt::format("{}://{}:{}", url.is_secure ? "https" : "http",
                         url.host.find(':') == url.host.npos ? url.host : "[" + url.host + "]", url.port)) {}

} // namespace weir::detail
