// Bytes as hexadecimal digits: log.info("sent {}", weir::hex(packet)).
#pragma once

#include "weir/log/standard_values.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

namespace weir {

enum class hex_style : std::uint8_t {
  /// `474554202f`
  compact,
  /// `hexdump -C`: 16 bytes a row, with their offset and what of them is printable ASCII. Rows are separated by line
  /// feeds, which renderers of lines write as `\n`.
  dump
};

struct hex_options {
  hex_style style = hex_style::compact;
  /// How many bytes to show; when there are more, how many there are stands behind them. Each costs 2 characters
  /// (compact) or about 5 (dump).
  std::size_t most_bytes = 256;
};

/// The bytes for one log statement; see hex().
class hex_bytes : public detail::rendered_now {
 public:
  hex_bytes(const void* data, std::size_t size, hex_options options) noexcept
      : data_(static_cast<const std::byte*>(data)), size_(size), options_(options) {}
  /// As it is logged; "[no memory]" if there is none for it.
  std::string text() const noexcept;

 private:
  const std::byte* data_;
  std::size_t size_;
  hex_options options_;
};

/// The bytes of an object that was made for the statement; see hex().
template <class Bytes>
class hex_of : public detail::rendered_now {
 public:
  hex_of(Bytes&& bytes, hex_options options) : bytes_(std::move(bytes)), options_(options) {}
  std::string text() const noexcept;

 private:
  Bytes bytes_;
  hex_options options_;
};

/// Logs `bytes` as text, `474554… (1500 bytes)`, as an argument or a field. Rendered at the call, so the memory may
/// change or go afterwards. Lifetime: the result refers to the memory.
[[nodiscard]] inline hex_bytes hex(const void* data, std::size_t size, hex_options options = {}) noexcept {
  return {data, size, options};
}
namespace detail {
/// What hex() takes. By name: a constraint that called hex() itself would ask for its own answer.
template <class Bytes>
concept one_piece = requires(const Bytes& bytes) {
  static_cast<const void*>(bytes.data());
  bytes.size();
};
} // namespace detail

/// `bytes`: what lies in one piece of memory and has data() and size(): strings, vectors and spans of integers, of
/// std::byte, of other types without padding, and Asio's buffers. Elements wider than a byte stand as in memory.
/// Lifetime: the result refers to what has a name, and holds what has none.
template <detail::one_piece Bytes>
[[nodiscard]] hex_bytes hex(const Bytes& bytes, hex_options options = {}) noexcept {
  using element = std::remove_cvref_t<std::remove_pointer_t<decltype(bytes.data())>>;
  if constexpr (std::is_void_v<element>) {
    return {bytes.data(), bytes.size(), options};
  } else {
    static_assert(std::has_unique_object_representations_v<element>, "only bytes with a meaning are logged");
    return {bytes.data(), bytes.size() * sizeof(element), options};
  }
}
template <detail::one_piece Bytes>
requires(!std::is_reference_v<Bytes> && !std::is_const_v<Bytes>)
    [[nodiscard]] hex_of<Bytes> hex(Bytes&& bytes, hex_options options = {}) {
  return {std::move(bytes), options};
}

template <class Bytes>
std::string hex_of<Bytes>::text() const noexcept {
  return hex(bytes_, options_).text();
}

} // namespace weir
