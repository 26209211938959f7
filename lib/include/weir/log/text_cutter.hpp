// Shortens the strings of a record that is too large.
#pragma once

#include "weir/log/encode.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace weir::detail {

/// What may have to be cut; everything else together is smaller than the smallest limit for records.
template <class T>
inline constexpr bool has_text = is_text<T> || std::is_same_v<T, json_text>;

/// Bytes of text in one value.
template <class T>
std::size_t text_size(const T& value) noexcept {
  if constexpr (is_text<T>)
    return value.size();
  else if constexpr (std::is_same_v<T, json_text>)
    return value.text.size();
  else
    return 0;
}

/// Shares out the room between strings so that only the longest ones are cut, all to the same length, and never
/// within a UTF-8 sequence. The backend marks the record with what is missing.
class text_cutter {
 public:
  /// Cuts nothing.
  text_cutter() noexcept = default;
  /// `sizes`: of all the strings, in bytes; gets sorted. `room`: bytes that they may take together.
  text_cutter(std::span<std::size_t> sizes, std::size_t room) noexcept;
  /// For a record of `bytes` that is to have at most `limit`.
  static text_cutter fitting(std::span<std::size_t> sizes, std::size_t bytes, std::size_t limit) noexcept;

  std::string_view operator()(std::string_view text) noexcept;
  std::string_view operator()(const std::string& text) noexcept { return (*this)(std::string_view(text)); }
  // It may no longer be JSON then: a record that says it was cut has its structures written as strings.
  json_view operator()(const json_text& json) noexcept { return {(*this)(std::string_view(json.text))}; }
  template <class T>
  const T& operator()(const T& value) noexcept {
    return value;
  }

  std::size_t cut_bytes() const noexcept { return cut_; }

 private:
  std::size_t longest_ = SIZE_MAX;
  std::size_t cut_ = 0;
};

} // namespace weir::detail
