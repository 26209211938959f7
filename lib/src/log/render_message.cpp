// For arguments that cannot travel: the message as text, at the call.
#include "weir/log/logger.hpp"

#include <exception>

namespace weir::detail {

bool render_message(std::string& message, std::string_view format, fmt::format_args args) noexcept {
  try {
    try {
      message = fmt::vformat(fmt::string_view(format.data(), format.size()), args);
    } catch (const std::exception& error) {
      message = "[could not be formatted: ";
      message.append(error.what()).append("] ").append(format);
    }
    return true;
  } catch (...) {
    return false;
  }
}

} // namespace weir::detail
