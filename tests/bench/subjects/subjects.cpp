#include "subjects/subject.hpp"

#include "measuring/cores.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <stdexcept>

namespace bench {

namespace {

constexpr std::array<std::string_view, 5> shape_names{"int_int_double", "string60", "fields3", "below_level",
                                                      "recorder"};

/// Within a function: registrations run before main(), in any order.
std::map<std::string, subject_opener, std::less<>>& registered() {
  static std::map<std::string, subject_opener, std::less<>> subjects;
  return subjects;
}

} // namespace

std::string_view to_string_view(call_shape shape) noexcept { return shape_names[static_cast<std::size_t>(shape)]; }

call_shape parse_shape(std::string_view name) {
  const auto found = std::ranges::find(shape_names, name);
  if (found == shape_names.end()) throw std::invalid_argument("there is no shape '" + std::string(name) + "'");
  return static_cast<call_shape>(found - shape_names.begin());
}

subject_registration::subject_registration(std::string_view name, subject_opener open) {
  registered().emplace(name, open);
}

std::unique_ptr<subject> open_subject_anywhere(const std::string& name, const std::string& path, layout lines) {
  const auto found = registered().find(name);
  if (found == registered().end()) throw std::invalid_argument("there is no subject '" + name + "'");
  return found->second(path, lines);
}

std::unique_ptr<subject> open_subject(const std::string& name, const std::string& path, layout lines) {
  pin(role::backend);
  auto opened = open_subject_anywhere(name, path, lines);
  pin(role::producer);
  return opened;
}

void not_offered(std::string_view subject_name, call_shape shape) {
  throw std::invalid_argument(std::string(subject_name) + " has no " + std::string(to_string_view(shape)));
}

void want_text(std::string_view subject_name, layout lines) {
  if (lines != layout::text) throw std::invalid_argument(std::string(subject_name) + " writes no JSON here");
}

} // namespace bench
