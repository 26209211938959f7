// The W3C `tracestate`: what each tracing system on the way wants to find again, kept as its normalised text.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace weir {

/// A list of up to 32 `key=value` members, the most recently changed one first.
/// Invariant: text() is valid by the specification's grammar, without optional white space, empty members or a key
/// twice. An empty list owns no memory; the longest possible one is some 16 KiB.
/// Thread safety: thread-compatible.
/// Source: W3C Trace Context Level 2, "Tracestate Header" and "Mutating the tracestate Field".
class tracestate {
 public:
  static constexpr std::size_t max_members = 32;
  static constexpr std::size_t max_key_length = 256;
  static constexpr std::size_t max_value_length = 256;

  tracestate() = default;

  bool empty() const noexcept { return text_.empty(); }
  /// The number of members, counted anew at each call.
  std::size_t size() const noexcept;
  /// The header's value: members joined by a comma without spaces. An empty one should not be sent at all.
  const std::string& text() const noexcept { return text_; }

  /// The value under `key`, or nullopt. The view is valid until this object changes.
  std::optional<std::string_view> get(std::string_view key) const noexcept;

  /// Puts `key=value` in front, where the specification wants the latest change; a member of that key elsewhere goes,
  /// and so does the right-most one when there would be more than 32.
  /// Result: false, and nothing changes, if key or value break the grammar: a key is a lower-case letter or digit and
  /// up to 255 more of those or `_-*/@`; a value is 1 to 256 printable ASCII characters other than comma and equals
  /// sign, the last one not a space.
  /// Errors: std::bad_alloc, and nothing changes.
  [[nodiscard]] bool set(std::string_view key, std::string_view value);

  /// Removes the member under `key`; true if there was one.
  bool erase(std::string_view key) noexcept;

  friend bool operator==(const tracestate&, const tracestate&) = default;

 private:
  friend std::optional<tracestate> parse_tracestate(std::span<const std::string_view> values) noexcept;

  std::string text_;
};

/// Joins the values of all `tracestate` headers, in the order in which they came, into one list. Spaces and tabs
/// around members are dropped and so are empty members; of a key given twice the first, which is the latest change,
/// is kept. Result: nullopt if any member breaks the grammar, if there are more than 32, or if memory ran out; an
/// empty list if there is no member at all. Thread-safe. Cost: one pass, and one allocation if the text is longer
/// than std::string keeps in place. Source: W3C Trace Context Level 2, "tracestate Header Field Values".
std::optional<tracestate> parse_tracestate(std::span<const std::string_view> values) noexcept;

/// The same for one header's value, or values already joined with commas.
inline std::optional<tracestate> parse_tracestate(std::string_view value) noexcept {
  return parse_tracestate(std::span<const std::string_view>(&value, 1));
}

} // namespace weir
