// The parts of a route's template.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weir::detail {

inline constexpr std::size_t max_route_params = 16;

/// `/a/{b}/{c*}` is the literal `/a/`, the segment b, the literal `/` and the rest c.
struct template_part {
  enum class kind_type { literal, segment, rest };
  kind_type kind;
  std::string_view text; // the literal, or the parameter's name
};

/// Views into `path_template`. Throws std::invalid_argument naming it, and why it is none.
std::vector<template_part> parse_template(std::string_view path_template);

/// Throws that.
[[noreturn]] void refuse_template(std::string_view path_template, std::string_view why);

} // namespace weir::detail
