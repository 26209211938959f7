#include "weir/http/trusted_proxies.hpp"

#include "any_case.hpp"
#include "white_space.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <tuple>
#include <utility>

namespace weir {

namespace {

using detail::address_bytes;
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> forwarded_schemes{
    {{"https", "https"}, {"http", "http"}, {"wss", "https"}, {"ws", "http"}}};
constexpr unsigned bits_before_v4 = 96; // ::ffff:0:0/96

std::optional<address_bytes> read_address(std::string_view text) noexcept {
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.size() >= terminated.size() || text.find('\0') != text.npos) return std::nullopt;
  std::ranges::copy(text, terminated.begin());
  address_bytes address{};
  if (text.find(':') != text.npos) {
    if (::inet_pton(AF_INET6, terminated.data(), address.data()) != 1) return std::nullopt;
    return address;
  }
  address[10] = address[11] = 0xff;
  if (::inet_pton(AF_INET, terminated.data(), address.data() + 12) != 1) return std::nullopt;
  return address;
}

bool is_same_network(const address_bytes& one, const address_bytes& other, unsigned bits) noexcept {
  const std::size_t whole = bits / 8;
  if (!std::equal(one.begin(), one.begin() + static_cast<std::ptrdiff_t>(whole), other.begin())) return false;
  const unsigned rest = bits % 8;
  return rest == 0 || (one[whole] ^ other[whole]) >> (8 - rest) == 0;
}

/// `[::1]:80`, `[::1]` and `10.0.0.1:80` without what is not the address.
std::string_view without_port(std::string_view entry) noexcept {
  if (entry.starts_with('[')) {
    const std::size_t closed = entry.find(']');
    return closed == entry.npos ? std::string_view() : entry.substr(1, closed - 1);
  }
  const std::size_t colon = entry.find(':');
  return colon == entry.rfind(':') ? entry.substr(0, colon) : entry;
}

bool is_v4(const address_bytes& address) noexcept {
  constexpr address_bytes mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return is_same_network(address, mapped, bits_before_v4);
}

/// `0.0.0.0` or `::`.
bool is_unspecified(const address_bytes& address) noexcept {
  return std::ranges::all_of(address.begin() + (is_v4(address) ? 12 : 0), address.end(),
                             [](std::uint8_t byte) { return byte == 0; });
}

/// As the client would be called if it had come by itself.
std::string_view write_address(const address_bytes& address, trusted_proxies::address_buffer& to) noexcept {
  static_assert(std::tuple_size_v<trusted_proxies::address_buffer> >= INET6_ADDRSTRLEN);
  return is_v4(address) ? ::inet_ntop(AF_INET, address.data() + 12, to.data(), INET6_ADDRSTRLEN)
                        : ::inet_ntop(AF_INET6, address.data(), to.data(), INET6_ADDRSTRLEN);
}

} // namespace

trusted_proxies::trusted_proxies(std::span<const std::string> networks) {
  for (const std::string& text : networks) {
    const auto refuse = [&] {
      throw std::invalid_argument("trusted_proxies: '" + text +
                                  "' is neither an address nor a network such as 10.0.0.0/8");
    };
    const std::string_view whole = text;
    const std::string_view front = whole.substr(0, whole.find('/'));
    const auto address = read_address(front);
    if (!address) refuse();
    const bool is_v4 = front.find(':') == front.npos;
    const unsigned most = is_v4 ? 32 : 128;
    unsigned bits = most;
    if (front.size() != whole.size()) {
      const char* const end = whole.data() + whole.size();
      const auto read = std::from_chars(whole.data() + front.size() + 1, end, bits);
      if (read.ec != std::errc() || read.ptr != end || bits > most) refuse();
    }
    networks_.push_back({*address, is_v4 ? bits + bits_before_v4 : bits});
  }
}

bool trusted_proxies::contains(std::string_view address) const noexcept {
  const auto bytes = read_address(address);
  return bytes && contains(*bytes);
}

bool trusted_proxies::contains(const address_bytes& address) const noexcept {
  return std::ranges::any_of(networks_,
                             [&](const network& each) { return is_same_network(each.address, address, each.bits); });
}

std::string_view trusted_proxies::client_of(std::string_view peer, std::span<const std::string_view> forwarded,
                                            address_buffer& buffer) const noexcept {
  auto client = read_address(peer);
  bool is_told = false;
  const auto believed = [&] { return is_told ? write_address(*client, buffer) : peer; };
  for (std::size_t line = forwarded.size(); line-- > 0;) {
    std::string_view rest = forwarded[line];
    while (!rest.empty()) {
      const std::size_t comma = rest.rfind(',');
      const std::string_view entry = detail::trim(comma == rest.npos ? rest : rest.substr(comma + 1));
      rest = rest.substr(0, comma == rest.npos ? 0 : comma);
      if (entry.empty()) continue; // RFC 9110 section 5.6.1.2
      if (!client || !contains(*client)) return believed();
      const auto before = read_address(without_port(entry));
      if (!before || is_unspecified(*before)) return believed();
      client = before;
      is_told = true;
    }
  }
  return believed();
}

std::string_view trusted_proxies::scheme_of(std::string_view peer, std::string_view scheme,
                                            std::string_view forwarded) const noexcept {
  if (forwarded.empty()) return scheme;
  const std::string_view told = detail::trim(forwarded.substr(0, forwarded.find(',')));
  for (const auto& [name, meant] : forwarded_schemes)
    if (detail::equals_in_any_case(told, name)) return contains(peer) ? meant : scheme;
  return scheme;
}

} // namespace weir
