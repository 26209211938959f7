// A small response as the bytes that go out.
#pragma once

#include "weir/beast/message.hpp"

#include <array>
#include <cstddef>
#include <string_view>

namespace weir::detail {

/// Header and body in one piece of memory, meant for the stack. Beast's serializer gives a buffer for every part of
/// every header; walking them, several times, costs more than all the rest that is done for a small response.
class flat_response {
 public:
  static constexpr std::size_t most_bytes = 4096;

  /// False, and of no use, if it does not fit, or is to go out in chunks.
  bool fill(const http_response::message_type& message) noexcept;
  std::string_view bytes() const noexcept { return {bytes_.data(), size_}; }

 private:
  void add(char c) noexcept { bytes_[size_++] = c; }
  bool add(std::string_view text) noexcept;

  std::array<char, most_bytes> bytes_; // NOLINT: filled as far as it is used
  std::size_t size_ = 0;
};

} // namespace weir::detail
