#include "weir/log/text_cutter.hpp"

#include "utf8.hpp"

#include <algorithm>
#include <numeric>

namespace weir::detail {

text_cutter::text_cutter(std::span<std::size_t> sizes, std::size_t room) noexcept {
  std::ranges::sort(sizes);
  std::size_t left = sizes.size();
  for (const std::size_t size : sizes) { // what the shorter ones leave goes to the longer ones
    const std::size_t share = room / left--;
    if (size > share) {
      longest_ = share;
      return;
    }
    room -= size;
  }
}

text_cutter text_cutter::fitting(std::span<std::size_t> sizes, std::size_t bytes, std::size_t limit) noexcept {
  const std::size_t fixed = bytes - std::accumulate(sizes.begin(), sizes.end(), std::size_t{0});
  return {sizes, limit > fixed ? limit - fixed : 0};
}

std::string_view text_cutter::operator()(std::string_view text) noexcept {
  if (text.size() <= longest_) return text;
  std::size_t kept = longest_;
  // Not in the middle of a UTF-8 sequence.
  while (kept > 0 && longest_ - kept < 3 && continues_character(text[kept])) --kept;
  cut_ += text.size() - kept;
  return text.substr(0, kept);
}

} // namespace weir::detail
