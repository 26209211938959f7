// The checks that a registration has to pass.
#include "metrics/validate.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <stdexcept>

namespace weir::detail {
namespace {

constexpr bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool valid_label(std::string_view name) noexcept {
  return !name.empty() && is_letter(name.front()) && !name.starts_with("__") &&
         std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || is_digit(c); });
}

bool valid_name(std::string_view name) noexcept {
  return !name.empty() && !is_digit(name.front()) &&
         std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || is_digit(c) || c == ':'; });
}

[[noreturn]] void refuse(const std::string& name, const std::string& why) {
  throw std::invalid_argument("weir: metric \"" + name + "\" " + why);
}

std::string without_total(const std::string& name) {
  return name.substr(0, name.size() - std::string_view("_total").size());
}

std::string text_of(double value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

void validate_labels(const family_snapshot& family) {
  const auto& labels = family.label_names;
  for (auto label = labels.begin(); label != labels.end(); ++label) {
    if (!valid_label(*label)) refuse(family.name, "has the invalid label name \"" + *label + "\"");
    if (std::find(labels.begin(), label, *label) != label) refuse(family.name, "has label \"" + *label + "\" twice");
    if (family.type == metric_type::histogram && *label == "le")
      refuse(family.name, "is a histogram and cannot have a label \"le\"");
  }
}

} // namespace

void validate_bounds(std::span<const double> bounds) {
  if (bounds.empty()) throw std::invalid_argument("weir: a histogram has no bucket bounds");
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    if (!std::isfinite(bounds[i]))
      throw std::invalid_argument("weir: a histogram has the bucket bound " + text_of(bounds[i]) +
                                  ", which is not finite");
    if (i > 0 && !(bounds[i] > bounds[i - 1]))
      throw std::invalid_argument("weir: a histogram has the bucket bound " + text_of(bounds[i]) + " after " +
                                  text_of(bounds[i - 1]));
  }
}

void validate_family(const family_snapshot& family) {
  if (!valid_name(family.name)) refuse(family.name, "has an invalid name");
  if (family.help.empty()) refuse(family.name, "has no help text");
  const bool total = family.name.ends_with("_total");
  if (family.name == "_total") refuse(family.name, "has nothing in front of \"_total\"");
  if (family.type == metric_type::counter && !total)
    refuse(family.name, "is a counter and does not end in \"_total\"");
  if (family.type != metric_type::counter && total) refuse(family.name, "ends in \"_total\" and is not a counter");
  validate_labels(family);
  if (family.type == metric_type::histogram) validate_bounds(family.bounds);
}

std::vector<std::string> exposed_names(const family_snapshot& family) {
  const std::string& name = family.name;
  switch (family.type) {
  case metric_type::counter:
    return {name, without_total(name)};
  case metric_type::gauge:
    return {name};
  case metric_type::histogram:
    return {name, name + "_bucket", name + "_count", name + "_sum"};
  }
  return {};
}

std::vector<std::string> reserved_names(const family_snapshot& family) {
  std::vector<std::string> all = exposed_names(family);
  if (family.type == metric_type::counter) all.push_back(without_total(family.name) + "_created");
  if (family.type == metric_type::histogram) all.push_back(family.name + "_created");
  return all;
}

} // namespace weir::detail
