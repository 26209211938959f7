// Behind proxies: which address a request comes from, and over what, as far as they are to be believed.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

namespace detail {
/// Of IPv4 as IPv6 has it.
using address_bytes = std::array<std::uint8_t, 16>;
} // namespace detail

/// Addresses and networks of proxies: `10.0.0.7`, `10.0.0.0/8`, `2001:db8::/32`. An IPv4 address that is written as
/// one of IPv6, `::ffff:10.0.0.7`, is the same address. A value, thread-safe once it is made.
class trusted_proxies {
 public:
  trusted_proxies() = default;
  /// Errors: throws std::invalid_argument naming the text that is neither.
  explicit trusted_proxies(std::span<const std::string> networks);

  bool empty() const noexcept { return networks_.empty(); }
  /// False also for what is no address. Cost: some comparisons for each network, and reading the address.
  bool contains(std::string_view address) const noexcept;

  /// Room for an address as text.
  using address_buffer = std::array<char, 46>;

  /// The client of a request that `peer` has brought: the last of `forwarded`, from right to left, that is none of
  /// these proxies. `peer` itself if it is none of them, the leftmost if all are, and the last that was believed
  /// where an entry is no address, or `0.0.0.0` or `::`, which nobody has: what is left of it may be anybody's
  /// invention.
  /// `forwarded`: the values of X-Forwarded-For in the order in which they came, each a list; entries may have a
  /// port, and brackets.
  /// Returns `peer`, or a text in `buffer` that is the same however the address was written: as inet_ntop(3) has it,
  /// `2001:db8::1`, and one of IPv4 in its own form. Allocates nothing.
  std::string_view client_of(std::string_view peer, std::span<const std::string_view> forwarded,
                             address_buffer& buffer) const noexcept;

  /// What the client of a request that `peer` has brought over `scheme` speaks itself: the first of `forwarded`, the
  /// value of X-Forwarded-Proto, a list, if `peer` is one of these proxies and that is `http` or `https`, or `ws` or
  /// `wss`, which are the same for WebSockets, in any case; otherwise `scheme`. The first is the outermost proxy's,
  /// which must set the header anew: one that adds to what its clients send lets them say what they like. Returns
  /// `scheme`, or a literal in lower case, `http` or `https`. Allocates nothing. Cost: that of contains() if there is
  /// a value.
  std::string_view scheme_of(std::string_view peer, std::string_view scheme,
                             std::string_view forwarded) const noexcept;

 private:
  bool contains(const detail::address_bytes& address) const noexcept;

  struct network {
    detail::address_bytes address;
    unsigned bits;
  };

  std::vector<network> networks_;
};

} // namespace weir
