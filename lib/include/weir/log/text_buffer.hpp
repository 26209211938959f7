// The growing character buffer that renderers write into.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstring>
#include <string_view>

namespace weir {

/// fmt's own buffer: `reserve`, write through `data()`, then `resize` without zeroing; fmt::appender grows it.
using text_buffer = fmt::memory_buffer;

/// Appends `text`. Cost: a copy, and an allocation when the buffer has to grow.
inline void append(text_buffer& out, std::string_view text) {
  // Not out.append(): that is a loop over partly filled buffers, which this kind never has.
  const std::size_t end = out.size();
  out.resize(end + text.size());
  if (!text.empty()) std::memcpy(out.data() + end, text.data(), text.size());
}

} // namespace weir
