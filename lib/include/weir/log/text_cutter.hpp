// Shortens the strings of a record that is too large.
#pragma once

#include "weir/log/field.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace weir::detail {

/// What may have to be cut; everything else together is smaller than the smallest limit for records.
template <class T>
inline constexpr bool has_text = is_text<T>;
template <field_key Key, class Value>
inline constexpr bool has_text<field_argument<Key, Value>> = is_text<Value> || std::is_same_v<Value, json_text>;

/// Bytes of text in one loggable argument.
template <class T>
std::size_t text_size(const T& value) noexcept {
  if constexpr (is_text<T>)
    return value.size();
  else if constexpr (std::is_same_v<T, json_text>)
    return value.text.size();
  else
    return 0;
}
template <field_key Key, class Value>
std::size_t text_size(const field_argument<Key, Value>& f) noexcept {
  return text_size(f.value);
}

/// Shares out the room between strings so that only the longest ones are cut, all to the same length, and never
/// within a UTF-8 sequence. The backend marks the record with what is missing.
class text_cutter {
 public:
  /// `sizes`: of all the strings, in bytes; gets sorted. `room`: bytes that they may take together.
  text_cutter(std::span<std::size_t> sizes, std::size_t room) noexcept;

  std::string_view operator()(std::string_view text) noexcept;
  template <class T>
  const T& operator()(const T& value) noexcept {
    return value;
  }
  template <field_key Key>
  auto operator()(const field_argument<Key, std::string_view>& f) noexcept {
    return field_argument<Key, std::string_view>{(*this)(f.value)};
  }
  template <field_key Key>
  auto operator()(const field_argument<Key, std::string>& f) noexcept {
    return field_argument<Key, std::string_view>{(*this)(std::string_view(f.value))};
  }
  // It may no longer be JSON then: a record that says it was cut has its structures written as strings.
  template <field_key Key>
  auto operator()(const field_argument<Key, json_text>& f) noexcept {
    return field_argument<Key, json_view>{{(*this)(std::string_view(f.value.text))}};
  }

  std::size_t cut_bytes() const noexcept { return cut_; }

 private:
  std::size_t longest_ = SIZE_MAX;
  std::size_t cut_ = 0;
};

} // namespace weir::detail
