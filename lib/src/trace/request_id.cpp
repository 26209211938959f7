#include "weir/trace/request_id.hpp"

#include "trace/hex.hpp"
#include "trace/random.hpp"
#include "white_space.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace weir {
namespace {

/// By a table: this is asked for every character of an id that nearly always passes.
constexpr auto id_chars = [] {
  std::array<bool, 256> table{};
  for (const char c : std::string_view("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.:+/=@"))
    table[static_cast<unsigned char>(c)] = true;
  return table;
}();

constexpr bool is_id_char(char c) noexcept { return id_chars[static_cast<unsigned char>(c)]; }

} // namespace

std::optional<std::string_view> parse_request_id(std::string_view value) noexcept {
  value = detail::trim(value);
  if (value.empty() || value.size() > longest_request_id) return std::nullopt;
  if (!std::all_of(value.begin(), value.end(), is_id_char)) return std::nullopt;
  return value;
}

static_text<36> random_request_id() noexcept {
  std::array<std::uint64_t, 2> words{};
  detail::fill_random(words);
  // xxxxxxxx-xxxx-4xxx-vxxx-xxxxxxxxxxxx: the version in 4 bits, the variant in the upper 2 of v.
  const std::uint64_t high = (words[0] & ~std::uint64_t{0xf000}) | 0x4000;
  const std::uint64_t low = (words[1] & ~(std::uint64_t{3} << 62)) | std::uint64_t{2} << 62;
  static_text<36> text;
  char* out = text.chars.data();
  out = detail::write_hex(out, high >> 32, 8);
  *out++ = '-';
  out = detail::write_hex(out, high >> 16, 4);
  *out++ = '-';
  out = detail::write_hex(out, high, 4);
  *out++ = '-';
  out = detail::write_hex(out, low >> 48, 4);
  *out++ = '-';
  detail::write_hex(out, low, 12);
  return text;
}

} // namespace weir
