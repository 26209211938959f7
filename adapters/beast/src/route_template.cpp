#include "route_template.hpp"

#include <algorithm>
#include <stdexcept>

namespace weir::detail {

namespace {

using kind = template_part::kind_type;

/// Other forms, {name...} or {name:int}, mean something elsewhere: as names they would be taken and do nothing.
bool is_identifier(std::string_view name) noexcept {
  const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; };
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return !name.empty() && !is_digit(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return is_letter(c) || is_digit(c); });
}

/// What is between two slashes, where it begins with a brace.
template_part parse_parameter(std::string_view path_template, std::string_view text) {
  constexpr const char* form =
      "a parameter is written {name} or {name*}, where a name is letters, digits and underscores, no digit first";
  if (text.size() < 3 || text.back() != '}') refuse_template(path_template, form);
  std::string_view name = text.substr(1, text.size() - 2);
  const bool takes_rest = name.back() == '*';
  if (takes_rest) name.remove_suffix(1);
  if (!is_identifier(name)) refuse_template(path_template, form);
  return {takes_rest ? kind::rest : kind::segment, name};
}

} // namespace

void refuse_template(std::string_view path_template, std::string_view why) {
  throw std::invalid_argument(std::string("route ").append(path_template).append(": ").append(why));
}

std::vector<template_part> parse_template(std::string_view path_template) {
  if (path_template.empty() || path_template.front() != '/') refuse_template(path_template, "it must begin with /");
  std::vector<template_part> all;
  std::size_t params = 0;
  std::size_t literal = 0; // where the one that is being read begins
  for (std::size_t at = 0; at < path_template.size();) {
    // At a slash.
    const std::size_t begin = at + 1;
    const std::size_t end = std::min(path_template.find('/', begin), path_template.size());
    const std::string_view segment = path_template.substr(begin, end - begin);
    at = end;
    if (!segment.starts_with('{')) {
      if (segment.find_first_of("{}") != segment.npos)
        refuse_template(path_template, "a parameter takes a whole segment");
      continue;
    }
    const template_part parameter = parse_parameter(path_template, segment);
    const auto same_name = [&](const template_part& other) {
      return other.kind != kind::literal && other.text == parameter.text;
    };
    if (std::ranges::any_of(all, same_name)) refuse_template(path_template, "two parameters have the same name");
    if (parameter.kind == kind::rest && end != path_template.size())
      refuse_template(path_template, "nothing can follow the rest of the path");
    if (++params > max_route_params) refuse_template(path_template, "it has more than 16 parameters");
    all.push_back({kind::literal, path_template.substr(literal, begin - literal)});
    all.push_back(parameter);
    literal = end;
  }
  if (literal != path_template.size()) all.push_back({kind::literal, path_template.substr(literal)});
  return all;
}

} // namespace weir::detail
