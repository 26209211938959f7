// Text whose length is part of its type, kept in place: what ids and headers are written into without allocating.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace weir {

/// Exactly `Size` characters, not terminated by NUL. Converts to std::string_view, which is valid while it lives.
template <std::size_t Size>
struct static_text {
  std::array<char, Size> chars{};

  constexpr std::string_view view() const noexcept { return {chars.data(), Size}; }
  constexpr operator std::string_view() const noexcept { return view(); }

  friend bool operator==(const static_text&, const static_text&) = default;
};

} // namespace weir
