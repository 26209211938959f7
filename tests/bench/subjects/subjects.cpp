#include "subjects/subject.hpp"

#include "measuring/cores.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace bench {

namespace {

constexpr std::array<std::string_view, 4> shape_names{"int_int_double", "string60", "fields3", "below_level"};

constexpr std::array subjects{
    subject_entry{"empty", &open_empty},
    subject_entry{"clock", &open_clock},
    subject_entry{"weir", &open_weir},
    subject_entry{"spdlog_sync", &open_spdlog_sync},
    subject_entry{"spdlog_async", &open_spdlog_async},
};

} // namespace

std::string_view to_string_view(call_shape shape) noexcept { return shape_names[static_cast<std::size_t>(shape)]; }

call_shape parse_shape(std::string_view name) {
  const auto found = std::ranges::find(shape_names, name);
  if (found == shape_names.end()) throw std::invalid_argument("there is no shape '" + std::string(name) + "'");
  return static_cast<call_shape>(found - shape_names.begin());
}

std::span<const subject_entry> all_subjects() noexcept { return subjects; }

std::unique_ptr<subject> open_subject(std::string_view name, const std::string& path) {
  const auto found = std::ranges::find(subjects, name, &subject_entry::name);
  if (found == subjects.end()) throw std::invalid_argument("there is no subject '" + std::string(name) + "'");
  pin(role::backend);
  auto opened = found->open(path);
  pin(role::producer);
  return opened;
}

} // namespace bench
