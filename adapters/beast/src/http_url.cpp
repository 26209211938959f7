#include "http_url.hpp"

#include "any_case.hpp"

#include <boost/asio/ip/address_v6.hpp>
#include <boost/system/error_code.hpp>

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace weir::detail {

namespace {

[[noreturn]] void refuse(std::string_view url, const char* why) {
  throw std::invalid_argument("url '" + std::string(url) + "': " + why);
}

char to_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::uint16_t parse_port(std::string_view url, std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0 || port > 65535)
    refuse(url, "the port is none from 1 to 65535");
  return static_cast<std::uint16_t>(port);
}

} // namespace

http_url parse_http_url(std::string_view url) {
  constexpr std::string_view plain = "http://", secure = "https://";
  const auto begins_with = [&](std::string_view scheme) { // RFC 3986 section 3.1: in either case
    return equals_in_any_case(url.substr(0, scheme.size()), scheme);
  };
  http_url parts;
  parts.is_secure = begins_with(secure);
  if (parts.is_secure) parts.port = 443;
  if (!parts.is_secure && !begins_with(plain)) refuse(url, "it does not begin with http:// or https://");
  const auto is_visible = [](char c) { return c > ' ' && c < 0x7F; };
  if (!std::ranges::all_of(url, is_visible)) refuse(url, "it has a character that is to be percent-encoded");

  std::string_view rest = url.substr(parts.is_secure ? secure.size() : plain.size());
  rest = rest.substr(0, rest.find('#'));
  parts.authority = rest.substr(0, rest.find_first_of("/?"));
  rest.remove_prefix(parts.authority.size());
  if (!rest.starts_with('/')) parts.target.push_back('/');
  parts.target.append(rest);

  if (parts.authority.find('@') != url.npos) refuse(url, "it has user information");
  constexpr std::size_t longest_authority = 512; // a name has up to 255 bytes: RFC 1035 section 2.3.4
  if (parts.authority.size() > longest_authority) refuse(url, "its host and port are too long");
  std::string_view after; // the host
  if (parts.authority.starts_with('[')) {
    const std::size_t end = parts.authority.find(']');
    if (end == url.npos) refuse(url, "the IPv6 address has no end");
    parts.host = parts.authority.substr(1, end - 1);
    after = parts.authority.substr(end + 1);
    boost::system::error_code is_none;
    boost::asio::ip::make_address_v6(parts.host, is_none);
    if (is_none) refuse(url, "what is in brackets is no IPv6 address");
  } else {
    parts.host = parts.authority.substr(0, parts.authority.find(':'));
    after = parts.authority.substr(parts.host.size());
  }
  if (parts.host.empty()) refuse(url, "it has no host");
  // RFC 3986 section 3.2.2: the same in either case; so it is one server to metrics and idle connections.
  std::ranges::transform(parts.host, parts.host.begin(), to_lower);
  // RFC 1034 section 3.1: only the root's label is empty, which is at the end.
  if (parts.host.starts_with('.') || parts.host.find("..") != url.npos) refuse(url, "its host has an empty label");
  if (!after.empty() && after.front() != ':') refuse(url, "something follows the IPv6 address");
  if (after.size() > 1) parts.port = parse_port(url, after.substr(1));
  return parts;
}

} // namespace weir::detail
