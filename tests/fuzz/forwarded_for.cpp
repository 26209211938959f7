// Any bytes as X-Forwarded-For: who is named there is an address, and all who came after him are proxies of ours; and
// as X-Forwarded-Proto: only they are believed, and there are two schemes.
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

bool is_part_of(std::string_view part, std::string_view whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

/// What stands behind `client` in its line has nobody but proxies in it.
void check_behind(std::string_view client, std::string_view line) {
  std::string_view behind(client.data() + client.size(),
                          static_cast<std::size_t>(line.data() + line.size() - client.data() - client.size()));
  for (std::size_t comma = 0; (comma = behind.find(',')) != behind.npos;) {
    behind.remove_prefix(comma + 1);
    const std::string_view entry = behind.substr(0, behind.find(','));
    if (everybody.contains(entry)) must(ours.contains(entry));
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  input bytes(data, size);
  const std::string peer = bytes.text(), first = bytes.text(), second = bytes.rest();
  const std::vector<std::string_view> lines{first, second};
  const std::string_view scheme = ours.scheme_of(peer, "http", first);
  must(scheme == "http" || (scheme == "https" && ours.contains(peer)));
  const std::string_view client = ours.client_of(peer, lines);
  if (!ours.contains(peer) || is_part_of(client, peer)) {
    must(client == peer);
    return 0;
  }
  must(is_part_of(client, first) || is_part_of(client, second));
  must(everybody.contains(client));
  for (const std::string_view line : lines)
    if (is_part_of(client, line)) check_behind(client, line);
  return 0;
}
