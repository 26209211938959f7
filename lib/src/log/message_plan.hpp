// How to render the records of one call site: its format and its fields' names, taken apart once.
#pragma once

#include "log/line_writer.hpp"
#include "log/value_formatter.hpp"
#include "weir/log/call_site.hpp"
#include "weir/log/carried_fields.hpp"
#include "weir/log/record.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir::detail {

/// Immutable, so any number of threads may use it. A record's way through it:
///
///   format "sent {} to {:>8}"   literal "sent ", argument 0, literal " to ", argument 1 by its formatter
///   fields bytes, peer          literal " bytes=" or `,"bytes":`, argument 2, …
class message_plan {
 public:
  /// `format` has been checked against `arguments` by the compiler. Throws std::bad_alloc.
  message_plan(std::string_view format, std::span<const argument_type> arguments);

  bool has_fields() const noexcept { return !fields_.empty(); }

  /// Finds each argument in a record's bytes.
  void locate(const std::byte* at, argument_positions& positions) const noexcept {
    std::size_t i = 0;
    for (const argument_type& type : arguments_) {
      positions[i++] = at;
      at += bytes_of(type, at);
    }
  }
  /// Where the last argument ends; nullptr if there is none.
  const std::byte* end_of(const argument_positions& positions) const noexcept;

  // All throw std::bad_alloc. What else an argument's formatter throws becomes "[unformattable]".
  void write_raw_message(line_writer& out, const argument_positions& at) const;
  void write_message(line_writer& out, const argument_positions& at, field_style style) const;
  /// `cut`: the record's strings are shortened, so its structures are perhaps no longer JSON.
  void write_fields(line_writer& out, const argument_positions& at, field_style style, bool cut) const;
  /// The logger's and the context's fields whose keys are not used already: an object cannot hold a key twice.
  void write_carried(line_writer& out, const carried_spans& carried, field_style style) const;
  /// The value of the field with this key, unescaped and without quotes. Returns whether there is one.
  bool write_raw_field(line_writer& out, const argument_positions& at, std::string_view key) const;
  static bool write_raw_field(line_writer& out, std::span<const std::byte> carried, std::string_view key);

 private:
  enum spelling : std::uint8_t { text, json, raw }; // the first two as in field_style

  /// A constant in its spellings, in constants_; padded for line_writer::append_padded().
  struct constant {
    std::array<std::uint32_t, 3> begin{}, size{};
  };
  struct step {
    constant before;
    std::size_t argument; // format_piece::no_argument: none
    argument_kind kind;
    bool loud; // what `by` writes may have to be escaped
    std::unique_ptr<const value_formatter> by;
  };
  struct named {
    constant prefix;
    std::size_t argument;
    argument_kind kind;
  };

  std::string_view view(const constant& of, spelling how) const noexcept {
    return {constants_.data() + of.begin[how], of.size[how]};
  }
  constant add_constant(std::string_view as_text, std::string_view as_json, std::string_view as_raw);
  template <spelling How>
  void write_steps(line_writer& out, const argument_positions& at) const;
  template <spelling How>
  void write_fields(line_writer& out, const argument_positions& at, bool cut) const;
  bool has_field(std::string_view key) const noexcept;

  std::span<const argument_type> arguments_;
  std::vector<step> steps_;
  std::size_t room_for_steps_ = 0; // bytes, at most, for their constants and numbers in any spelling
  std::vector<named> fields_;
  std::string constants_;
};

/// The part of plan_of() that makes plans, and looks them up.
const message_plan& find_plan(const call_site& site, const std::byte*& arguments);

/// The plan of `site`'s records. Moves `arguments` behind what a located record has in front of them. Thread-safe.
/// Cost: a load for macros' records, a look-up in a table of this thread's for others'. Throws std::bad_alloc.
inline const message_plan& plan_of(const call_site& site, const std::byte*& arguments) {
  if (!site.located) {
    // acquire: pairs with the release in own_plan(); the plan is complete.
    if (const message_plan* const made = site.plan.load(std::memory_order_acquire)) [[likely]]
      return *made;
  }
  return find_plan(site, arguments);
}

/// Where the statement of a record stands; `arguments` as the log call wrote them, which the result may refer to.
/// Thread-safe.
source_position position_of(const call_site& site, const std::byte* arguments) noexcept;

} // namespace weir::detail
