#include "route_tree.hpp"

#include "percent_escapes.hpp"

#include <algorithm>
#include <utility>

namespace weir::detail {

namespace {

/// The byte that a path begins with, decoded, and how many bytes of the path it takes. An escaped slash is none.
struct path_byte {
  int value;
  std::size_t taken;
};
constexpr int no_byte = -1;

path_byte first_of(std::string_view path, bool has_escapes) noexcept {
  if (!has_escapes || path.front() != '%') return {static_cast<unsigned char>(path.front()), 1};
  const int value = escaped_byte(path, 0);
  return {value == '/' ? no_byte : value, 3};
}

/// Takes `literal` off the path, if it begins with that.
bool take(std::string_view& path, std::string_view literal, bool has_escapes) noexcept {
  if (!has_escapes) {
    if (!path.starts_with(literal)) return false;
    path.remove_prefix(literal.size());
    return true;
  }
  std::string_view left = path;
  for (const char each : literal) {
    if (left.empty()) return false;
    const path_byte next = first_of(left, true);
    if (next.value != static_cast<unsigned char>(each)) return false;
    left.remove_prefix(next.taken);
  }
  path = left;
  return true;
}

} // namespace

bool route_tree::add(std::span<const template_part> parts, endpoint made) {
  node* at = &root_;
  for (const template_part& each : parts) {
    if (each.kind == template_part::kind_type::literal) {
      at = &descend(*at, each.text);
      continue;
    }
    auto& next = each.kind == template_part::kind_type::segment ? at->segment : at->rest;
    if (next == nullptr) next = std::make_unique<node>();
    at = next.get();
  }
  if (at->end != nullptr) return false;
  at->end = std::make_unique<endpoint>(std::move(made));
  return true;
}

/// The node behind `literal`, which is made; a node in whose text it ends is divided.
route_tree::node& route_tree::descend(node& from, std::string_view literal) {
  if (literal.empty()) return from;
  const std::size_t index = from.firsts.find(literal.front());
  if (index == from.firsts.npos) {
    from.literals.push_back(std::make_unique<node>());
    from.firsts.push_back(literal.front());
    from.literals.back()->text = literal;
    return *from.literals.back();
  }
  std::unique_ptr<node>& next = from.literals[index];
  const auto common = static_cast<std::size_t>(std::ranges::mismatch(next->text, literal).in1 - next->text.begin());
  if (common < next->text.size()) {
    auto upper = std::make_unique<node>();
    upper->text = next->text.substr(0, common);
    upper->firsts = next->text[common];
    next->text.erase(0, common);
    upper->literals.push_back(std::move(next));
    next = std::move(upper);
  }
  return descend(*next, literal.substr(common));
}

const endpoint* route_tree::find(std::string_view path, raw_values& values) const noexcept {
  return find(root_, path, path.find('%') != path.npos, values);
}

/// `path` is what is left of it behind `at`.
const endpoint* route_tree::find(const node& at, std::string_view path, bool has_escapes,
                                 raw_values& values) noexcept {
  if (path.empty()) {
    if (at.end != nullptr) return at.end.get();
  } else {
    const int first = first_of(path, has_escapes).value;
    const std::size_t index = first == no_byte ? at.firsts.npos : at.firsts.find(static_cast<char>(first));
    if (index != at.firsts.npos) {
      const node& next = *at.literals[index];
      std::string_view left = path;
      if (take(left, next.text, has_escapes))
        if (const endpoint* const found = find(next, left, has_escapes, values)) return found;
    }
    const std::string_view segment = path.substr(0, path.find('/'));
    if (at.segment != nullptr && !segment.empty()) {
      values.all[values.size++] = segment;
      if (const endpoint* const found = find(*at.segment, path.substr(segment.size()), has_escapes, values))
        return found;
      --values.size;
    }
  }
  if (at.rest == nullptr) return nullptr;
  values.all[values.size++] = path;
  return at.rest->end.get();
}

} // namespace weir::detail
