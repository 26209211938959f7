// For arguments that cannot travel: the message as text, at the call.
#include "weir/log/logger.hpp"

#include <exception>

namespace weir::detail {

bool render_message(std::string& message, std::string_view format, fmt::format_args args) noexcept {
  const auto say_why_not = [&](const char* why) {
    message = "[could not be formatted: ";
    message.append(why).append("] ").append(format);
  };
  try {
    try {
      message = fmt::vformat(fmt::string_view(format.data(), format.size()), args);
    } catch (const std::exception& error) {
      say_why_not(error.what());
    } catch (...) {
      say_why_not("unknown exception");
    }
    return true;
  } catch (...) {
    return false;
  }
}

} // namespace weir::detail
