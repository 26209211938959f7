#include "weir/http/operator_access.hpp"

#include "any_case.hpp"

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <utility>

namespace weir {

namespace {

constexpr std::size_t least_token_characters = 16;

bool is_token_character(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         std::string_view("-._~+/=").find(c) != std::string_view::npos;
}

/// Of an address as inet_ntop() writes it.
bool is_loopback(std::string_view address) noexcept {
  if (address == "::1") return true;
  constexpr std::string_view mapped = "::ffff:"; // before an address of IPv4
  if (address.starts_with(mapped)) address.remove_prefix(mapped.size());
  return address.starts_with("127.") && address.find_first_not_of("0123456789.") == address.npos;
}

bool is_this_machine(std::string_view host) noexcept {
  if (host.find('@') != host.npos) return false; // the host is behind it
  if (host.starts_with('[')) return is_loopback(host.substr(1, host.find(']') - 1));
  host = host.substr(0, host.find(':'));
  return detail::equals_in_any_case(host, "localhost") || is_loopback(host);
}

/// Looks at all of `given` wherever it differs.
bool is_same_secret(std::string_view given, std::string_view secret) noexcept {
  std::size_t differences = given.size() ^ secret.size();
  for (std::size_t i = 0; i < given.size(); ++i)
    differences |= static_cast<unsigned char>(given[i]) ^ static_cast<unsigned char>(secret[i % secret.size()]);
  return differences == 0;
}

/// RFC 9110 section 11.1: the scheme in any case, then the token.
std::string_view bearer_token(std::string_view authorization) noexcept {
  constexpr std::string_view scheme = "bearer";
  if (!detail::equals_in_any_case(authorization.substr(0, scheme.size()), scheme)) return {};
  authorization.remove_prefix(scheme.size());
  const std::size_t begin = authorization.find_first_not_of(' ');
  return begin == 0 || begin == authorization.npos ? std::string_view() : authorization.substr(begin);
}

} // namespace

std::string_view requested_host(std::string_view target, std::string_view host) noexcept {
  target = target.substr(0, target.find('?'));
  const std::size_t authority = target.starts_with('/') ? target.npos : target.find("://");
  if (authority == target.npos) return host;
  target.remove_prefix(authority + 3);
  return target.substr(0, target.find('/'));
}

operator_access::operator_access(std::string token) : token_(std::move(token)) {
  if (token_.size() < least_token_characters)
    throw std::invalid_argument("operator_access: the token is shorter than 16 characters");
  if (!std::ranges::all_of(token_, is_token_character))
    throw std::invalid_argument("operator_access: the token has characters other than A-Z a-z 0-9 - . _ ~ + / =");
}

operator_verdict operator_access::judge(const operator_request& request) const noexcept {
  if (!token_.empty())
    return is_same_secret(bearer_token(request.authorization), token_) ? operator_verdict::allowed
                                                                       : operator_verdict::token_wanted;
  return is_loopback(request.peer) && !request.is_forwarded && !request.is_foreign_page &&
                 is_this_machine(request.host)
             ? operator_verdict::allowed
             : operator_verdict::forbidden;
}

} // namespace weir
