// Any bytes as a path find the template, and the values, that a reading by the book of one template after the other
// finds; any bytes as a query are read or refused.
#include "percent_escapes.hpp"
#include "weir/beast/router.hpp"

#include "input.hpp"

#include <boost/asio/awaitable.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace weir;

// In the order of precedence, of those that can match the same path.
constexpr std::array<std::string_view, 11> templates{
    "/",      "/items/new", "/items/news/{id}", "/items/{id}/parts/{part}", "/items/{id}/parts", "/items/{id}",
    "/items", "/files/a b", "/files/{name*}",   "/{tenant}/list",           "/{rest*}"};

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> segments;
  for (path.remove_prefix(1);;) {
    const std::size_t end = path.find('/');
    segments.push_back(path.substr(0, end));
    if (end == path.npos) return segments;
    path.remove_prefix(end + 1);
  }
}

std::string decoded(std::string_view text) {
  std::string all;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] == '%') {
      all.push_back(static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16)));
      i += 2;
    } else {
      all.push_back(text[i]);
    }
  return all;
}

/// The values, if the path is one of this template.
std::optional<std::vector<std::string>> match(std::string_view path_template, std::string_view path) {
  const auto wanted = split(path_template), given = split(path);
  std::vector<std::string> values;
  std::size_t at = 1; // in the path
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (i == given.size()) return std::nullopt;
    if (wanted[i].ends_with("*}")) {
      values.push_back(decoded(path.substr(at)));
      return values;
    }
    if (wanted[i].starts_with('{')) {
      if (given[i].empty()) return std::nullopt;
      values.push_back(decoded(given[i]));
    } else if (decoded(given[i]) != wanted[i]) {
      return std::nullopt;
    }
    at += given[i].size() + 1;
  }
  return given.size() == wanted.size() ? std::optional(values) : std::nullopt;
}

const router& routes() {
  static const auto* const all = [] {
    auto* made = new router; // for good
    const http_handler handler = [](http_request&, http_response&) -> boost::asio::awaitable<void> { std::abort(); };
    for (const std::string_view each : templates) made->add("GET", each, handler);
    return made;
  }();
  return *all;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text = input(data, size).rest();
  if (const auto value = detail::decode_query_part(text))
    must(value->size() <= text.size() && !detail::has_broken_escape(text));
  else
    must(detail::has_broken_escape(text));

  const std::string path = "/" + text;
  path_params params;
  const router::match found = routes().find("HEAD", path, params);
  must((found.handler != nullptr) == !found.path_template.empty());
  must(routes().find("PUT", path, params).handler == nullptr && params.size() == 0);
  if (detail::has_broken_escape(path)) {
    must(found.handler == nullptr);
    return 0;
  }
  routes().find("GET", path, params);
  for (const std::string_view each : templates) {
    const auto values = match(each, path);
    if (!values) continue;
    must(found.path_template == each && params.size() == values->size());
    for (std::size_t i = 0; i < values->size(); ++i) must(params.at(i).second == (*values)[i]);
    return 0;
  }
  must(found.handler == nullptr);
  return 0;
}
