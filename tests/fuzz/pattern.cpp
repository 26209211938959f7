// Any text as a pattern is refused with an explanation, or renders any record as one line of valid UTF-8, the same
// line each time.
#include "weir/log/record.hpp"
#include "weir/log/renderer.hpp"

#include "input.hpp"
#include "log/made_record.hpp"
#include "log/well_formed.hpp"

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>

namespace {

using namespace weir;

/// The pattern's renderer, or null if it is refused.
std::unique_ptr<renderer> accepted(const std::string& pattern) {
  try {
    return as_text(pattern, pattern_time::utc);
  } catch (const std::invalid_argument& error) {
    must(is_one_valid_line(error.what()));
    return nullptr;
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  input in(data, size);
  const std::string pattern = in.text();
  made_record record;
  record.logger = in.text();
  record.message = in.text();
  record.severity = static_cast<level>(in.value<std::uint8_t>() % 6);
  record.file = in.text();
  record.line = in.value<std::uint8_t>();
  record.function = in.text();
  record.thread_id = in.value<std::uint32_t>();
  record.ids = {in.value<std::uint64_t>(), in.value<std::uint64_t>(), in.value<std::uint64_t>()};
  record.unix_nanoseconds = in.value<std::int64_t>();

  const auto lines = accepted(pattern);
  if (lines == nullptr) return 0;
  const bool tells_what_is_past = pattern.find_first_of("uioO") != pattern.npos;
  std::string first = record.by(*lines);
  const auto colour = lines->colour();
  must(colour.has_value() && colour->begin <= first.size() && colour->end <= first.size());
  if (!tells_what_is_past) must(record.by(*lines) == first);
  std::ranges::replace(first, '\t', ' '); // the pattern's own
  must(is_one_valid_line(first));
  return 0;
}
