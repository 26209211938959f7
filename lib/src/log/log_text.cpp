// Records of text whose level and place in the source are known only at run time.
#include "weir/log/logger.hpp"

namespace weir {

void logger::log_text(level severity, std::string_view text, const source_position& where) const noexcept {
  if (severity >= level::off || !enabled(severity)) return;
  write(detail::text_site, severity, static_cast<std::uint32_t>(where.line), where.file, where.function, text);
}

} // namespace weir
