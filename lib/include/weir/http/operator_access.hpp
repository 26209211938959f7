// Who may see and change how a server runs.
#pragma once

#include <string>
#include <string_view>

namespace weir {

/// What is known of a request to such a page.
struct operator_request {
  std::string_view peer{};          ///< the address, without its port
  std::string_view host{};          ///< see requested_host()
  std::string_view authorization{}; ///< the header Authorization
  bool is_forwarded = false;        ///< see says_forwarded()
  bool is_foreign_page = false;     ///< see says_foreign_page()
};

/// Whom a request asks for: of an absolute target, `http://host:80/path`, its authority, and the header Host is
/// ignored; of any other that header, given as `host` (RFC 9112 section 3.2.2).
std::string_view requested_host(std::string_view target, std::string_view host) noexcept;

/// Whether a proxy has left its name in the headers. `has(name)`: whether there is a line of that name, in any case,
/// also one without a value: a client may send an empty one ahead of the proxy's.
template <class Has>
bool says_forwarded(Has&& has) {
  for (const std::string_view name :
       {"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via"})
    if (has(name)) return true;
  return false;
}

/// Whether a browser sends it for a page of another site, or of another program on this machine: Fetch Metadata's
/// Sec-Fetch-Site, or an Origin that is not the Host. `header(name)`: its first value, "" for none; for Host what
/// requested_host() says.
template <class Header>
bool says_foreign_page(Header&& header) {
  const std::string_view site = header(std::string_view("Sec-Fetch-Site"));
  if (!site.empty()) return site != "same-origin" && site != "none";
  const std::string_view origin = header(std::string_view("Origin"));
  const std::string_view host = header(std::string_view("Host"));
  return !origin.empty() &&
         (!origin.ends_with(host) || !origin.substr(0, origin.size() - host.size()).ends_with("://"));
}

enum class operator_verdict {
  allowed,
  token_wanted, ///< 401, with `WWW-Authenticate: Bearer`
  forbidden,    ///< 403: there is no token to be had
};

/// The rule for pages of operators: without a token whoever is on this machine may, with one who sends it, wherever
/// from.
///
/// A request counts as from this machine if its peer is a loopback address, no header says that it came by a proxy or
/// from a foreign page, and its host is `localhost` or a loopback address: a page that a browser here shows under a
/// name of its own, which it has resolve to this machine, is none. A proxy on this machine that says nothing of
/// itself, as nginx's plain `proxy_pass`, looks like a user here, with all of its clients: behind one, set a token.
/// Thread-safe: it does not change.
class operator_access {
 public:
  /// Only this machine.
  operator_access() = default;
  /// Only who sends `Authorization: Bearer <token>`. Throws std::invalid_argument if the token has fewer than 16
  /// characters, or others than RFC 6750 section 2.1 allows.
  explicit operator_access(std::string token);

  /// Cost: the comparison of a token takes the same time wherever it differs.
  operator_verdict judge(const operator_request& request) const noexcept;

 private:
  std::string token_;
};

} // namespace weir
