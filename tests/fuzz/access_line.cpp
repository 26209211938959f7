// Any text of a request, as a line in Combined Log Format, reads back as what it was; any text as a format is refused
// with an explanation, or renders one line.
#include "weir/http/access_line.hpp"
#include "weir/log/record.hpp"

#include "input.hpp"
#include "log/well_formed.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace weir;

std::string rendered(renderer& by, const record& entry) {
  text_buffer out;
  by.render(entry, out);
  must(out.size() > 0 && out[out.size() - 1] == '\n');
  std::string line(out.data(), out.size() - 1);
  must(is_one_valid_line(line));
  return line;
}

/// As those who read such lines do: what is between the quotes, a backslash and what is behind it being one.
std::vector<std::string> quoted_in(std::string_view line) {
  std::vector<std::string> all;
  for (bool inside = false; !line.empty(); line.remove_prefix(1)) {
    if (line.front() == '"') {
      inside = !inside;
      if (inside) all.emplace_back();
    } else if (inside) {
      all.back().push_back(line.front());
      if (line.front() != '\\') continue;
      line.remove_prefix(1);
      must(!line.empty());
      all.back().push_back(line.front());
    }
  }
  return all;
}

/// What stood there, if it was a line without control characters.
std::string unescaped(std::string_view text) {
  std::string all;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') ++i;
    all.push_back(text[i]);
  }
  return all;
}

std::optional<std::string> as_sent(const std::string& text) {
  return is_one_valid_line(text) ? std::optional(text.empty() ? "-" : text) : std::nullopt;
}

template <class... T>
std::vector<std::byte> encoded(const T&... values) {
  std::vector<std::byte> bytes((std::size_t{0} + ... + detail::codec<T>::size(values)));
  std::byte* at = bytes.data();
  ((at = detail::codec<T>::write(at, values)), ...);
  return bytes;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using method_field = detail::field_argument<"http.request.method", std::string_view>;
  using path_field = detail::field_argument<"url.path", std::string_view>;
  using query_field = detail::field_argument<"url.query", std::string_view>;
  using version_field = detail::field_argument<"network.protocol.version", std::string_view>;
  using peer_field = detail::field_argument<"client.address", std::string_view>;
  using referer_field = detail::field_argument<"http.request.header.referer", std::string_view>;
  using agent_field = detail::field_argument<"user_agent.original", std::string_view>;
  using bytes_field = detail::field_argument<"http.response.body.size", std::uint64_t>;
  using duration_field = detail::field_argument<"duration_s", double>;
  static constinit const detail::call_site site{
      .format = "request",
      .file = "file.cpp",
      .line = 1,
      .arguments = detail::argument_types<method_field, path_field, query_field, version_field, peer_field,
                                          referer_field, agent_field, bytes_field, duration_field>};
  input in(data, size);
  const std::string method = in.text(), path = in.text(), query = in.text(), peer = in.text(), referer = in.text();
  const std::string agent = in.text();
  const auto bytes = in.value<std::uint64_t>();
  const auto milliseconds = in.value<std::uint32_t>();
  const auto time = in.value<std::int64_t>();
  const std::string format = in.rest();
  const auto arguments = encoded(method_field{method}, path_field{path}, query_field{query},
                                 version_field{std::string_view("1.1")}, peer_field{peer}, referer_field{referer},
                                 agent_field{agent}, bytes_field{bytes}, duration_field{milliseconds / 1000.0});
  const record entry(site, level::info, arguments.data(), "access", time, nullptr, nullptr, 0);

  static const auto combined = as_access_line(combined_log_format, pattern_time::utc);
  const std::string line = rendered(*combined, entry);
  must(rendered(*combined, entry) == line);
  // The peer is no client's text, and not quoted.
  if (peer.find('"') == peer.npos) {
    const std::vector<std::string> parts = quoted_in(line);
    must(parts.size() == 3);
    if (const auto sent = as_sent(referer)) must(unescaped(parts[1]) == *sent);
    if (const auto sent = as_sent(agent)) must(unescaped(parts[2]) == *sent);
    if (!method.empty() && as_sent(method) && as_sent(path) && as_sent(query))
      must(unescaped(parts[0]) == method + " " + *as_sent(path) + (query.empty() ? "" : "?" + query) + " HTTP/1.1");
    must(line.find(bytes == 0 ? " - \"" : " " + std::to_string(bytes) + " \"") != line.npos);
  }

  try {
    const auto own = as_access_line(format, pattern_time::utc);
    const std::string shown = rendered(*own, entry);
    must(rendered(*own, entry) == shown);
  } catch (const std::invalid_argument& error) {
    must(std::string_view(error.what()).find("access line format") == 0);
  }
  return 0;
}
