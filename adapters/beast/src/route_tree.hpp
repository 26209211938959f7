// The templates of one method, as a radix tree.
#pragma once

#include "route_template.hpp"
#include "weir/beast/router.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir::detail {

/// What a parameter matched, as it stands in the path.
struct raw_values {
  std::array<std::string_view, max_route_params> all;
  std::size_t size = 0;
};

struct endpoint {
  http_handler handler;
  route_limits limits;
  std::string path_template;
  std::vector<std::string> names; // of the parameters, in order
};

/// A node stands behind the text that leads to it; what literals have in common at their beginnings they share:
///
///     /items/ ─┬─ new                      /items/new
///              └─ {id} ─── /parts/ ── {n}  /items/{id}, /items/{id}/parts/{n}
class route_tree {
 public:
  /// False if the template is there already.
  bool add(std::span<const template_part> parts, endpoint made);
  /// nullptr if nothing matches. A path with escapes has no broken one.
  const endpoint* find(std::string_view path, raw_values& values) const noexcept;

 private:
  struct node {
    std::string text;   // from the parent to here, not decoded; of a parameter: empty
    std::string firsts; // the first bytes of the literals' texts, in their order
    std::vector<std::unique_ptr<node>> literals;
    std::unique_ptr<node> segment, rest; // {name}, {name*}
    std::unique_ptr<endpoint> end;       // the template that ends here
  };

  static node& descend(node& from, std::string_view literal);
  static const endpoint* find(const node& at, std::string_view path, bool has_escapes, raw_values& values) noexcept;

  node root_;
};

} // namespace weir::detail
