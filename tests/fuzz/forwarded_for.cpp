// Any bytes as X-Forwarded-For: who is named there is an address in its one form, and all who came after him are
// proxies of ours; and as X-Forwarded-Proto: only they are believed, and there are two schemes.
#include "weir/http/trusted_proxies.hpp"

#include "input.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace {

const weir::trusted_proxies ours(std::vector<std::string>{"10.0.0.0/8", "2001:db8::/33", "::1"});
const weir::trusted_proxies everybody(std::vector<std::string>{"::/0"});

/// What an entry of the header says by itself; empty if that is no address.
std::string alone(std::string_view entry) {
  const std::vector<std::string_view> line{entry};
  weir::trusted_proxies::address_buffer buffer;
  const std::string_view peer = "::1", client = ours.client_of(peer, line, buffer);
  return client.data() == peer.data() ? std::string() : std::string(client);
}

/// The last who is none of ours, entry by entry, before whom are the lines of the header.
std::string client_before(std::string client, const std::vector<std::string_view>& lines) {
  for (auto line = lines.rbegin(); line != lines.rend(); ++line)
    for (std::string_view rest = *line; !rest.empty();) {
      const std::size_t comma = rest.rfind(','), begin = comma == rest.npos ? 0 : comma + 1;
      const std::string_view entry = rest.substr(begin);
      rest = rest.substr(0, begin == 0 ? 0 : comma);
      if (entry.find_first_not_of(" \t") == entry.npos) continue;
      const std::string before = alone(entry);
      if (!ours.contains(client) || before.empty()) return client;
      client = before;
    }
  return client;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  input bytes(data, size);
  const std::string peer = bytes.text(), first = bytes.text(), second = bytes.rest();
  const std::vector<std::string_view> lines{first, second};
  const std::string_view scheme = ours.scheme_of(peer, "http", first);
  must(scheme == "http" || (scheme == "https" && ours.contains(peer)));
  weir::trusted_proxies::address_buffer buffer;
  const std::string_view client = ours.client_of(peer, lines, buffer);
  must(client == client_before(peer, lines));
  if (client.data() == peer.data()) return 0;
  must(ours.contains(peer) && everybody.contains(client));
  // However it was written: read again it is the same.
  must(alone(client) == client);
  must(client.find_first_not_of("0123456789abcdef:.") == client.npos);
  return 0;
}
