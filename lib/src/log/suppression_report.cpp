#include "log/suppression_report.hpp"

#include "weir/log/call_site.hpp"
#include "weir/log/record.hpp"
#include "weir/log/write_record.hpp"

#include <unistd.h>

#include <cstddef>
#include <exception>
#include <string_view>
#include <vector>

namespace weir::detail {

bool suppression_report::say(const limited_statement& of, std::uint64_t count, std::uint64_t now) noexcept {
  static constexpr std::string_view of_statement = "{} records suppressed since the last one of {}:{}",
                                    of_others = "{} records suppressed since the last one of {}";
  const bool has_position = of.line != 0;
  const std::string_view format = has_position ? of_statement : of_others;
  using counted = field_argument<"suppressed", std::uint64_t>;
  // Located, so that it stands where the statement does. A position with line 0 is shown by no renderer.
  static constinit const call_site site{
      .located = true, .arguments = argument_types<std::uint64_t, std::string_view, std::uint32_t, counted>};
  const call_text text{of.file, of.function, format.data(), static_cast<std::uint32_t>(format.size()), of.line};
  std::string_view file = of.file;
  if (has_position) file.remove_prefix(file.rfind('/') + 1); // npos + 1 is 0
  try {
    std::vector<std::byte> arguments(bytes_of_values(text, count, file, of.line, counted{count}));
    write_values(arguments.data(), text, count, file, of.line, counted{count});
    return out_.announce(record(site, of.severity, arguments.data(), "weir", clock_.unix_nanoseconds(now), nullptr,
                                {}, 0, static_cast<std::uint32_t>(::gettid())));
  } catch (const std::exception&) { // no memory: it is said later
    return false;
  }
}

} // namespace weir::detail
