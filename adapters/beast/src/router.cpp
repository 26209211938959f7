#include "weir/beast/router.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>

namespace weir {

struct router::node {
  std::map<std::string, std::unique_ptr<node>, std::less<>> literals;
  std::unique_ptr<node> one;   // {name}
  std::unique_ptr<node> rest;  // {name*}

  struct endpoint {
    http_handler handler;
    std::string path_template;
    std::vector<std::string> names;  // of the parameters, in order
  };
  std::map<std::string, endpoint, std::less<>> by_method;
};

namespace {

[[noreturn]] void refuse(std::string_view path_template, const char* why) {
  throw std::invalid_argument("route " + std::string(path_template) + ": " + why);
}

/// Takes the first segment off a path that begins with '/'.
std::string_view take_segment(std::string_view& path) noexcept {
  path.remove_prefix(1);
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out.push_back(' ');
    } else if (text[i] != '%') {
      out.push_back(text[i]);
    } else {
      const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
      if (high < 0 || low < 0) return std::nullopt;
      out.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    }
  }
  return out;
}

router::router() : root_(std::make_unique<node>()) {}
router::~router() = default;

void router::add(std::string_view method, std::string_view path_template, http_handler handler) {
  if (path_template.empty() || path_template.front() != '/') refuse(path_template, "it must begin with /");
  if (handler == nullptr) refuse(path_template, "the handler is empty");
  node* at = root_.get();
  std::vector<std::string> names;
  for (std::string_view path = path_template; !path.empty();) {
    if (at == nullptr) refuse(path_template, "nothing can follow the rest of the path");
    std::string_view segment = take_segment(path);
    if (segment.empty() || segment.front() != '{') {
      if (segment.find_first_of("{}") != segment.npos) refuse(path_template, "a parameter takes a whole segment");
      auto& next = at->literals[std::string(segment)];
      if (next == nullptr) next = std::make_unique<node>();
      at = next.get();
      continue;
    }
    if (segment.size() < 3 || segment.back() != '}') refuse(path_template, "a parameter is written {name} or {name*}");
    std::string name(segment.substr(1, segment.size() - 2));
    const bool takes_rest = name.back() == '*';
    if (takes_rest) name.pop_back();
    if (name.empty() || name.find_first_of("{}*") != name.npos) refuse(path_template, "a parameter is written {name} or {name*}");
    if (takes_rest && !path.empty()) refuse(path_template, "nothing can follow the rest of the path");
    names.push_back(std::move(name));
    auto& next = takes_rest ? at->rest : at->one;
    if (next == nullptr) next = std::make_unique<node>();
    at = next.get();
  }
  const bool is_new =
      at->by_method
          .try_emplace(std::string(method), node::endpoint{std::move(handler), std::string(path_template), std::move(names)})
          .second;
  if (!is_new) refuse(path_template, "it is there already for this method");
}

router::match router::find(std::string_view method, std::string_view path) const {
  if (path.empty() || path.front() != '/') return {};
  const node* at = root_.get();
  std::vector<std::string> values;
  for (std::string_view left = path; !left.empty();) {
    const std::string_view whole_rest = left.substr(1);
    const std::string_view raw = take_segment(left);
    auto segment = percent_decoded(raw);
    if (!segment) return {};
    if (const auto literal = at->literals.find(*segment); literal != at->literals.end()) {
      at = literal->second.get();
    } else if (at->one != nullptr && !segment->empty()) {
      values.push_back(std::move(*segment));
      at = at->one.get();
    } else if (at->rest != nullptr) {
      auto rest = percent_decoded(whole_rest);
      if (!rest) return {};
      values.push_back(std::move(*rest));
      at = at->rest.get();
      break;
    } else {
      return {};
    }
  }
  if (at->by_method.empty()) return {};

  match result;
  auto found = at->by_method.find(method);
  if (found == at->by_method.end() && method == "HEAD") found = at->by_method.find("GET");
  if (found == at->by_method.end()) {
    result.path_template = at->by_method.begin()->second.path_template;
    for (const auto& [allowed, endpoint] : at->by_method) {
      if (!result.allow.empty()) result.allow += ", ";
      result.allow += allowed;
    }
    return result;
  }
  const node::endpoint& endpoint = found->second;
  result.handler = &endpoint.handler;
  result.path_template = endpoint.path_template;
  for (std::size_t i = 0; i < endpoint.names.size() && i < values.size(); ++i)
    result.params.emplace_back(endpoint.names[i], std::move(values[i]));
  return result;
}

}  // namespace weir
