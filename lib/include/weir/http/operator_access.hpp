// Who may see and change how a server runs.
#pragma once

#include <string>
#include <string_view>

namespace weir {

/// What is known of a request to such a page.
struct operator_request {
  std::string_view peer{};          ///< the address, without its port
  std::string_view host{};          ///< the header Host
  std::string_view authorization{}; ///< the header Authorization
  bool is_forwarded = false;        ///< whether it came with Forwarded, X-Forwarded-For or Via
};

enum class operator_verdict {
  allowed,
  token_wanted, ///< 401, with `WWW-Authenticate: Bearer`
  forbidden,    ///< 403: there is no token to be had
};

/// The rule for pages of operators: whoever is on this machine may, and from elsewhere who has the token.
///
/// A request counts as from this machine if its peer is a loopback address, it did not come by a proxy, and its Host
/// is `localhost` or a loopback address: a foreign page that a browser here shows under a name of its own, which it
/// has resolve to this machine, is none. Thread-safe: it does not change.
class operator_access {
 public:
  /// Only this machine.
  operator_access() = default;
  /// Also whoever sends `Authorization: Bearer <token>`. Throws std::invalid_argument if the token has fewer than 16
  /// characters, or others than RFC 6750 section 2.1 allows.
  explicit operator_access(std::string token);

  /// Cost: the comparison of a token takes the same time wherever it differs.
  operator_verdict judge(const operator_request& request) const noexcept;

 private:
  std::string token_;
};

} // namespace weir
