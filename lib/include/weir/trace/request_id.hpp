// The `X-Request-ID` of a request: the client's if it is harmless, otherwise a new one.
#pragma once

#include "weir/trace/static_text.hpp"

#include <cstddef>
#include <optional>
#include <string_view>

namespace weir {

inline constexpr std::size_t longest_request_id = 128;

/// The id in a received `X-Request-ID`, without the spaces and tabs around it: 1 to 128 letters, digits and
/// `- _ . : + / = @`, which takes in UUIDs, ULIDs, base64 and trace ids, and nothing that would have to be escaped in
/// a header, a log line, JSON, HTML or a shell.
/// Result: a view of `value`; nullopt for anything else, several ids joined by a comma included: make one then.
/// Thread-safe; allocates nothing. Source: there is no standard; the set is the union of what Heroku (letters, digits
/// and `+ / = -`) and Rails (`_ - @`) take over, and the `.` and `:` of compound ids.
std::optional<std::string_view> parse_request_id(std::string_view value) noexcept;

/// A new id, which parse_request_id() accepts: a random UUID (version 4) in lower case, as Envoy, Rails and gin make
/// them. Unique, not secret: see random_trace_id(). Thread-safe; allocates nothing. Source: RFC 9562, section 5.4.
static_text<36> random_request_id() noexcept;

} // namespace weir
