// The quotes around values of `key=value`: there where a reader needs them.
#pragma once

#include "weir/log/text_buffer.hpp"

#include <cstddef>

namespace weir::detail {

/// From `begin` on stand, at the end of `out`, a quote and the inside of a JSON string. Ends the value: with the
/// other quote, or, if all readers can do without, by taking the first away. They need it around a value that is
/// empty, or `null`, or has a space, quote, equals sign or backslash in it. Cost: a search for these. Throws
/// std::bad_alloc. Source: what go-logfmt/logfmt writes and reads; it would leave a backslash without quotes, which
/// others take for the begin of an escape.
void end_value(text_buffer& out, std::size_t begin);

} // namespace weir::detail
