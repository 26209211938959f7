#include "log/column.hpp"

#include "utf8.hpp"

#include <algorithm>
#include <cstring>

namespace weir::detail {

namespace {

/// Where the character after the first `count` begins.
std::size_t place_behind(const char* text, std::size_t size, std::size_t count) noexcept {
  std::size_t i = 0;
  for (; i < size; ++i)
    if (!continues_character(text[i]) && count-- == 0) break;
  return i;
}

} // namespace

void fit(text_buffer& out, std::size_t begin, const column& to) {
  const std::size_t size = out.size() - begin;
  const char* const text = out.data() + begin;
  const auto characters = size - static_cast<std::size_t>(std::count_if(text, text + size, continues_character));
  if (characters > to.width) {
    if (to.cuts) out.resize(begin + place_behind(text, size, to.width));
    return;
  }
  const std::size_t spaces = to.width - characters;
  const std::size_t before = to.alignment == column::side::right    ? spaces
                             : to.alignment == column::side::centre ? spaces / 2
                                                                    : 0;
  out.resize(out.size() + spaces);
  char* const at = out.data() + begin;
  std::memmove(at + before, at, size);
  std::memset(at, ' ', before);
  std::memset(at + before + size, ' ', spaces - before);
}

} // namespace weir::detail
