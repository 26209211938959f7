// The growing character buffer that renderers write into.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstring>
#include <string_view>

namespace weir {

/// fmt's own buffer under a name that headers can declare: `reserve`, write through `data()`, then `resize` without
/// zeroing; `fmt::appender(buffer)` grows it. All that grows may throw std::bad_alloc.
class text_buffer {
 public:
  char* data() noexcept { return bytes_.data(); }
  const char* data() const noexcept { return bytes_.data(); }
  std::size_t size() const noexcept { return bytes_.size(); }
  std::size_t capacity() const noexcept { return bytes_.capacity(); }
  char operator[](std::size_t i) const noexcept { return bytes_[i]; }

  void reserve(std::size_t capacity) { bytes_.reserve(capacity); }
  void resize(std::size_t size) { bytes_.resize(size); }
  void clear() noexcept { bytes_.clear(); }
  void push_back(char c) { bytes_.push_back(c); }

  operator fmt::memory_buffer&() noexcept { return bytes_; } // NOLINT: for fmt::appender

 private:
  fmt::memory_buffer bytes_;
};

/// Appends `text`. Cost: a copy, and an allocation when the buffer has to grow.
inline void append(text_buffer& out, std::string_view text) {
  const std::size_t end = out.size();
  out.resize(end + text.size());
  if (!text.empty()) std::memcpy(out.data() + end, text.data(), text.size());
}

} // namespace weir
