#include "weir/beast/router.hpp"

#include "header_rules.hpp"
#include "percent_escapes.hpp"
#include "route_template.hpp"
#include "route_tree.hpp"

#include <algorithm>

namespace weir {

namespace {

/// RFC 9110 section 9.1: a token, and `get` is another than GET, which no client sends.
void check_method(std::string_view method, std::string_view path_template) {
  const auto refuse = [&](std::string_view why) {
    detail::refuse_template(path_template, std::string("the method '").append(method).append("' ").append(why));
  };
  if (!detail::is_header_token(method)) refuse("is no token");
  if (std::ranges::any_of(method, [](char c) { return c >= 'a' && c <= 'z'; })) refuse("is not in upper case");
}

} // namespace

void path_params::add(std::string_view name, std::string_view raw) {
  text_.append(name);
  ends_.push_back(static_cast<std::uint32_t>(text_.size()));
  detail::append_decoded(text_, raw);
  ends_.push_back(static_cast<std::uint32_t>(text_.size()));
}

router::router() = default;
router::~router() = default;

void router::add(std::string_view method, std::string_view path_template, http_handler handler, route_limits limits) {
  check_method(method, path_template);
  if (handler == nullptr) detail::refuse_template(path_template, "the handler is empty");
  const auto parts = detail::parse_template(path_template);
  detail::endpoint made{std::move(handler), limits, std::string(path_template), {}};
  for (const detail::template_part& each : parts)
    if (each.kind != detail::template_part::kind_type::literal) made.names.emplace_back(each.text);

  auto& tree = trees_[std::string(method)];
  if (tree == nullptr) tree = std::make_unique<detail::route_tree>();
  if (!tree->add(parts, std::move(made)))
    detail::refuse_template(path_template, "it is there already for this method");
}

const detail::route_tree* router::tree_of(std::string_view method) const noexcept {
  const auto found = trees_.find(method);
  return found == trees_.end() ? nullptr : found->second.get();
}

router::match router::find(std::string_view method, std::string_view path, path_params& params) const {
  params.clear();
  if (detail::has_broken_escape(path)) return {};
  detail::raw_values values;
  const auto look = [&](const detail::route_tree* tree) -> const detail::endpoint* {
    values.size = 0;
    return tree == nullptr ? nullptr : tree->find(path, values);
  };
  const detail::endpoint* found = look(tree_of(method));
  if (found == nullptr && method == "HEAD") found = look(tree_of("GET"));
  if (found != nullptr) {
    for (std::size_t i = 0; i < values.size; ++i) params.add(found->names[i], values.all[i]);
    return {.handler = &found->handler, .limits = &found->limits, .path_template = found->path_template};
  }

  match result;
  const auto allow = [&](std::string_view also) {
    if (!result.allow.empty()) result.allow += ", ";
    result.allow += also;
  };
  for (const auto& [each, tree] : trees_) {
    const detail::endpoint* const other = look(tree.get());
    if (other == nullptr) continue;
    if (result.path_template.empty()) result.path_template = other->path_template;
    allow(each);
    if (each == "GET" && look(tree_of("HEAD")) == nullptr) allow("HEAD");
  }
  return result;
}

} // namespace weir
