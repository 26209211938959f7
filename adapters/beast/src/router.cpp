#include "weir/beast/router.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>

namespace weir {

struct router::node {
  std::map<std::string, std::unique_ptr<node>, std::less<>> literals;
  std::unique_ptr<node> one;  // {name}
  std::unique_ptr<node> rest; // {name*}

  struct endpoint {
    http_handler handler;
    std::string path_template;
    std::vector<std::string> names; // of the parameters, in order
  };
  std::map<std::string, endpoint, std::less<>> by_method;

  std::string allowed() const {
    std::string list;
    for (const auto& [method, each] : by_method) {
      if (!list.empty()) list += ", ";
      list += method;
      if (method == "GET" && !by_method.contains("HEAD")) list += ", HEAD";
    }
    return list;
  }
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

struct segment {
  enum class kind_type { literal, one, rest };
  kind_type kind;
  std::string_view text; // the literal, or the parameter's name
};

segment parse_segment(std::string_view path_template, std::string_view text) {
  constexpr const char* form = "a parameter is written {name} or {name*}";
  if (text.empty() || text.front() != '{') {
    if (text.find_first_of("{}") != text.npos) refuse(path_template, "a parameter takes a whole segment");
    return {segment::kind_type::literal, text};
  }
  if (text.size() < 3 || text.back() != '}') refuse(path_template, form);
  std::string_view name = text.substr(1, text.size() - 2);
  const bool takes_rest = name.back() == '*';
  if (takes_rest) name.remove_suffix(1);
  if (name.empty() || name.find_first_of("{}*") != name.npos) refuse(path_template, form);
  return {takes_rest ? segment::kind_type::rest : segment::kind_type::one, name};
}

std::vector<segment> parse_template(std::string_view path_template) {
  if (path_template.empty() || path_template.front() != '/') refuse(path_template, "it must begin with /");
  std::vector<segment> all;
  for (std::string_view path = path_template; !path.empty();) {
    if (!all.empty() && all.back().kind == segment::kind_type::rest)
      refuse(path_template, "nothing can follow the rest of the path");
    const segment next = parse_segment(path_template, take_segment(path));
    const auto same_name = [&](const segment& other) {
      return other.kind != segment::kind_type::literal && other.text == next.text;
    };
    if (next.kind != segment::kind_type::literal && std::ranges::any_of(all, same_name))
      refuse(path_template, "two parameters have the same name");
    all.push_back(next);
  }
  return all;
}

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

} // namespace

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
  if (method.empty()) refuse(path_template, "the method is empty");
  if (handler == nullptr) refuse(path_template, "the handler is empty");
  const std::vector<segment> path = parse_template(path_template);
  node::endpoint made{std::move(handler), std::string(path_template), {}};
  for (const segment& each : path)
    if (each.kind != segment::kind_type::literal) made.names.emplace_back(each.text);

  node* at = root_.get();
  for (const segment& each : path) {
    auto& next = each.kind == segment::kind_type::rest  ? at->rest
                 : each.kind == segment::kind_type::one ? at->one
                                                        : at->literals[std::string(each.text)];
    if (next == nullptr) next = std::make_unique<node>();
    at = next.get();
  }
  if (!at->by_method.try_emplace(std::string(method), std::move(made)).second)
    refuse(path_template, "it is there already for this method");
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
    result.allow = at->allowed();
    return result;
  }
  const node::endpoint& endpoint = found->second;
  result.handler = &endpoint.handler;
  result.path_template = endpoint.path_template;
  for (std::size_t i = 0; i < endpoint.names.size() && i < values.size(); ++i)
    result.params.emplace_back(endpoint.names[i], std::move(values[i]));
  return result;
}

} // namespace weir
