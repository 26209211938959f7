#include "weir/log/hex.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace weir {

namespace {

constexpr std::size_t row_bytes = 16;

void append_digits(std::string& text, std::byte byte) {
  constexpr const char* digits = "0123456789abcdef";
  text += digits[std::to_integer<unsigned>(byte) >> 4];
  text += digits[std::to_integer<unsigned>(byte) & 0xfU];
}

/// `00000010  48 54 54 50 2f 31 2e 31  0d 0a                    |HTTP/1.1..|`
void append_row(std::string& text, std::size_t offset, std::span<const std::byte> row) {
  fmt::format_to(std::back_inserter(text), "{:08x}", offset);
  for (std::size_t i = 0; i < row_bytes; ++i) {
    text += i % 8 == 0 ? "  " : " ";
    if (i < row.size())
      append_digits(text, row[i]);
    else
      text += "  ";
  }
  text += "  |";
  for (const std::byte byte : row) {
    const auto c = std::to_integer<char>(byte);
    text += c >= ' ' && c <= '~' ? c : '.';
  }
  text += '|';
}

} // namespace

std::string hex_bytes::text() const noexcept {
  try {
    const std::span<const std::byte> shown(data_, std::min(size_, options_.most_bytes));
    std::string text;
    if (options_.style == hex_style::compact) {
      text.reserve(2 * shown.size());
      for (const std::byte byte : shown) append_digits(text, byte);
    } else {
      for (std::size_t at = 0; at < shown.size(); at += row_bytes) {
        if (at != 0) text += '\n';
        append_row(text, at, shown.subspan(at, std::min(row_bytes, shown.size() - at)));
      }
    }
    if (shown.size() < size_) {
      text += options_.style == hex_style::compact ? "… " : "\n… ";
      fmt::format_to(std::back_inserter(text), "({} bytes)", size_);
    }
    return text;
  } catch (...) {
    return "[no memory]";
  }
}

} // namespace weir
