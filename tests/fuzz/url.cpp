// Any bytes as a URL are refused, with the reason, or taken apart into what may stand in a request's head, and what
// put together again reads the same.
#include "http_url.hpp"

#include "input.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text = input(data, size).rest();
  weir::detail::http_url url;
  try {
    url = weir::detail::parse_http_url(text);
  } catch (const std::invalid_argument& error) {
    must(std::string_view(error.what()).find(text.substr(0, text.find('\0'))) != std::string_view::npos);
    return 0;
  }
  const auto is_harmless = [](std::string_view part) {
    return std::ranges::all_of(part, [](char c) { return c > ' ' && c <= '~'; });
  };
  must(!url.host.empty() && url.port != 0);
  must(!url.host.starts_with('.') && url.host.find("..") == url.host.npos);
  must(is_harmless(url.authority) && is_harmless(url.target));
  must(url.authority.find_first_of("/?#@") == url.authority.npos);
  must(url.target.starts_with('/') && url.target.find('#') == url.target.npos);
  must(url.path().starts_with('/') && url.target.starts_with(url.path()));
  const auto is_same = [](char a, char b) { return a == b || (a >= 'A' && a <= 'Z' && a - 'A' + 'a' == b); };
  // Not by std::ranges, whose subranges clang 14 does not take.
  must(std::search(url.authority.begin(), url.authority.end(), url.host.begin(), url.host.end(), is_same) !=
       url.authority.end());

  if (url.authority.size() > 500) return 0; // with its port it may be too long
  const bool is_v6 = url.authority.starts_with('[');
  const std::string host = is_v6 ? "[" + std::string(url.host) + "]" : std::string(url.host);
  const std::string written =
      (url.is_secure ? "https://" : "http://") + host + ":" + std::to_string(url.port) + url.target;
  const weir::detail::http_url again = weir::detail::parse_http_url(written);
  must(again.is_secure == url.is_secure && again.host == url.host && again.port == url.port &&
       again.target == url.target);
  return 0;
}
