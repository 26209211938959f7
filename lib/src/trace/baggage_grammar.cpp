#include "trace/baggage_grammar.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace weir::detail {
namespace {

enum : std::uint8_t { token_char = 1, value_char = 2 };

constexpr std::array<std::uint8_t, 256> char_classes = [] {
  std::array<std::uint8_t, 256> classes{};
  const auto may = [&classes](char c, std::uint8_t what) { classes[static_cast<unsigned char>(c)] |= what; };
  for (char c = '0'; c <= '9'; ++c) may(c, token_char);
  for (char c = 'a'; c <= 'z'; ++c) may(c, token_char);
  for (char c = 'A'; c <= 'Z'; ++c) may(c, token_char);
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) may(c, token_char);
  for (char c = '!'; c <= '~'; ++c)
    if (c != '"' && c != ',' && c != ';' && c != '\\') may(c, value_char);
  return classes;
}();

bool is(char c, std::uint8_t what) noexcept { return (char_classes[static_cast<unsigned char>(c)] & what) != 0; }


} // namespace

bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return is(c, token_char); });
}

bool is_baggage_value(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return is(c, value_char); });
}

void append_percent_encoded(std::string& out, std::string_view value) {
  for (const char c : value) {
    if (is(c, value_char) && c != '%') {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += "0123456789ABCDEF"[byte >> 4];
    out += "0123456789ABCDEF"[byte & 0x0f];
  }
}

} // namespace weir::detail
