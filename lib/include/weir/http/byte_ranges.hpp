// Which parts of a resource a Range header asks for.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace weir {

/// `length` bytes from `first` on.
struct byte_range {
  std::uint64_t first = 0;
  std::uint64_t length = 0;
  friend bool operator==(const byte_range&, const byte_range&) = default;
};

/// What select_ranges() found.
class selected_ranges {
 public:
  /// More than so many are asked for by nobody who means well; the header is then ignored.
  static constexpr std::size_t max_ranges = 64;

  enum class kind : std::uint8_t {
    whole,         ///< 200: no ranges, or none that are to be heeded
    partial,       ///< 206: ranges() has at least one
    unsatisfiable, ///< 416: none of them lies within the resource
  };

  kind what() const noexcept { return kind_; }
  /// In the order of the header, within the resource, none of them empty; together not longer than the resource.
  std::span<const byte_range> ranges() const noexcept { return {ranges_.data(), count_}; }

 private:
  friend selected_ranges select_ranges(std::string_view header, std::uint64_t size) noexcept;

  std::array<byte_range, max_ranges> ranges_;
  std::size_t count_ = 0;
  kind kind_ = kind::whole;
};

/// Evaluates `header`, the value of Range, for a resource of `size` bytes. Ends behind the resource's are clamped, as
/// are suffixes longer than it; ranges that lie behind it are left out. Ignored, which means the whole, are: other
/// units than bytes, what is not of the header's form, a range whose end is before its beginning, more than
/// max_ranges ranges, and ranges that together are longer than the resource, as overlapping ones may be: so a
/// response is never much larger than the resource, whatever is asked. Thread-safe; allocates nothing. Cost: linear
/// in the header's length. Source: RFC 9110, sections 14.1.1, 14.1.2 and 14.2.
selected_ranges select_ranges(std::string_view header, std::uint64_t size) noexcept;

} // namespace weir
