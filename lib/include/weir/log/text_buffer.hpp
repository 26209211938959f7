// The growing character buffer that renderers write into.
#pragma once

#include <fmt/format.h>

#include <string_view>

namespace weir {

/// fmt's own buffer: `reserve`, write through `data()`, then `resize` without zeroing; fmt::appender grows it.
using text_buffer = fmt::memory_buffer;

/// Appends `text`. Cost: a copy, and an allocation when the buffer has to grow.
inline void append(text_buffer& out, std::string_view text) { out.append(text.data(), text.data() + text.size()); }

} // namespace weir
