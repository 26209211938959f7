// The parts of an http or https URL.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weir::detail {

struct http_url {
  bool is_secure = false;       ///< https
  std::string host{};           ///< in lower case, without the brackets of an IPv6 address
  std::string_view authority{}; ///< as for the header Host
  std::uint16_t port = 80;
  std::string target{}; ///< path and query; at least "/"
  std::string_view path() const noexcept { return std::string_view(target).substr(0, target.find('?')); }
};

/// `authority` is a view into `url`. Throws std::invalid_argument naming it, and why it is none: RFC 9110
/// sections 4.2.1 and 4.2.2 with a host, in brackets only an IPv6 address, without user information, and of visible
/// ASCII characters only.
http_url parse_http_url(std::string_view url);

} // namespace weir::detail
