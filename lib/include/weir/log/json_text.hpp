// Text as a string of JSON, for who writes JSON beside the log's renderers.
#pragma once

#include "weir/log/text_buffer.hpp"

#include <string_view>

namespace weir {

/// Appends `raw` in quotes: a valid JSON string (RFC 8259 section 7) of valid UTF-8 whatever `raw` holds. Bytes that
/// are not UTF-8 stand as `\\xff`, control characters and U+2028 as `\u2028`, as in as_json().
/// Errors: throws std::bad_alloc. Thread-safe. Cost: a scan, sixteen bytes at a time.
void append_json_string(text_buffer& out, std::string_view raw);

} // namespace weir
