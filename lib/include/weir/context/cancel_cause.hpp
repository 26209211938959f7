// Why work was called off: a reason from a short list that metrics can count by, an error and a text for people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

namespace weir {

/// Who or what ended the work. A closed list, so that it can be a metric's label.
enum class cancel_reason : std::uint8_t {
  none,          ///< the context is not done
  client_closed, ///< the client closed its side of the connection
  client_reset,  ///< the connection broke
  deadline,      ///< a point in time, often the caller's own, has passed
  timeout,       ///< the work was given so long and took longer
  shutdown,      ///< the server is stopping
  application,   ///< the program's own decision; also what a cancel without a reason gives
  overload,      ///< the work was shed
};

constexpr std::string_view to_string_view(cancel_reason reason) noexcept {
  switch (reason) {
  case cancel_reason::none:
    return "none";
  case cancel_reason::client_closed:
    return "client_closed";
  case cancel_reason::client_reset:
    return "client_reset";
  case cancel_reason::deadline:
    return "deadline";
  case cancel_reason::timeout:
    return "timeout";
  case cancel_reason::shutdown:
    return "shutdown";
  case cancel_reason::application:
    return "application";
  case cancel_reason::overload:
    return "overload";
  }
  return "unknown";
}

/// The cause given to a cancel or a deadline, and read back by context::cause().
/// Given: a reason of `none` means the default (application for a cancel, deadline or timeout for those); an empty
/// error means the context's own. Read back from a context that is done, both are always set.
struct cancel_cause {
  cancel_reason reason = cancel_reason::none;
  std::error_code error{};
  std::string text{};

  friend bool operator==(const cancel_cause&, const cancel_cause&) = default;
};

} // namespace weir
