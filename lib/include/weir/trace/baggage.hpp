// The W3C `baggage`: what an application hands on with a request from service to service, kept as its header's text.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

/// One member of a baggage: views of that list, valid until it changes.
struct baggage_member {
  std::string_view key;
  std::string_view encoded_value; ///< as the header has it
  std::string_view properties;    ///< `p1;p2=v2`, as the header has them; empty if there are none

  /// The value itself, valid UTF-8: percent-encoding is undone, and what is not UTF-8 then becomes U+FFFD. A percent
  /// sign that two hexadecimal digits do not follow stands for itself. Errors: std::bad_alloc.
  std::string value() const;
};

/// A list of up to 64 members `key=value;properties`, in the order in which they came.
/// Invariant: to_header() is at most 8192 bytes and valid by the specification's grammar, without optional white
/// space, empty members or a key twice. Keys are case-sensitive. An empty list owns no memory, any other one block.
/// Thread safety: thread-compatible. Source: W3C Baggage, "Baggage HTTP Header Format".
class baggage {
 public:
  static constexpr std::size_t max_members = 64;
  static constexpr std::size_t max_bytes = 8192;

  baggage() = default;

  bool empty() const noexcept { return text_.empty(); }
  /// The number of members, counted anew at each call.
  std::size_t size() const noexcept;
  /// The header's value; what was not changed is sent on as it came. An empty one should not be sent at all.
  const std::string& to_header() const noexcept { return text_; }

  /// The member under `key`, or nullopt. Allocates nothing.
  std::optional<baggage_member> find(std::string_view key) const noexcept;
  /// Its value decoded, or nullopt. Errors: std::bad_alloc.
  std::optional<std::string> get(std::string_view key) const;
  /// All of them, in order. Errors: std::bad_alloc.
  std::vector<baggage_member> members() const;

  /// Puts `key` with this value in the place of its former member, or at the end.
  /// `key`: a token (RFC 9110, section 5.6.2). `value`: any bytes, UTF-8 if others are to read them; what may not
  /// stand in a header is percent-encoded. `properties`: `p1;p2=v2`, already encoded; those of the former member go.
  /// Result: false, and nothing changes, if key or properties break the grammar, or the list would become larger
  /// than 64 members or 8192 bytes. Errors: std::bad_alloc, and nothing changes.
  [[nodiscard]] bool set(std::string_view key, std::string_view value, std::string_view properties = {});

  /// Removes the member under `key`; true if there was one.
  bool erase(std::string_view key) noexcept;

  friend bool operator==(const baggage&, const baggage&) = default;

 private:
  friend struct parsed_baggage parse_baggage(std::span<const std::string_view> values) noexcept;

  std::string text_;
};

/// What parse_baggage() gives: what is kept, and how much is not, for whoever wants to count or log it.
struct parsed_baggage {
  baggage kept;
  std::size_t malformed = 0;  ///< members that broke the grammar
  std::size_t over_limit = 0; ///< members for which there was no room: 64 members, 8192 bytes, or memory
};

/// Joins the values of all `baggage` headers, in the order in which they came, into one list. Each member is kept
/// whole or not at all: bad ones are skipped, and so is each that would make the list too large, while a smaller one
/// after it may still fit. White space where the grammar allows it is dropped, and so are empty members; of a key
/// given twice the last one that fits is kept, in the place of the first. Never fails. Thread-safe.
/// Cost: two passes, comparisons of each key with those kept, and one allocation if anything is.
/// Source: W3C Baggage, "Baggage HTTP Header Format", "Limits".
parsed_baggage parse_baggage(std::span<const std::string_view> values) noexcept;

/// The same for one header's value, or values already joined with commas.
inline parsed_baggage parse_baggage(std::string_view value) noexcept {
  return parse_baggage(std::span<const std::string_view>(&value, 1));
}

/// Where a request's baggage stands in its context: `with_value<baggage_key>(ctx, …)`, `ctx.value<baggage_key>()`.
struct baggage_key {
  using value_type = baggage;
};

} // namespace weir
