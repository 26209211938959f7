// Fields that belong to a logger or to the work in hand, not to one statement.
#pragma once

#include "weir/log/argument_type.hpp"
#include "weir/log/field.hpp"

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace weir {

namespace detail {
class field_list;
}

/// A set of fields, encoded once and copied into every record that is logged with it. Immutable, hence thread-safe.
/// Made by logger::with() and with_fields().
class carried_fields {
 public:
  /// `fields`, and those of `outer` (which may be null) that have other keys. Throws std::bad_alloc. Cost: an
  /// allocation or two.
  template <field_key... Keys, class... Values>
  static std::shared_ptr<const carried_fields> make(const carried_fields* outer,
                                                    const detail::field_argument<Keys, Values>&... fields) {
    static_assert(detail::keys_differ<detail::field_argument<Keys, Values>...>(), "two fields have the same key");
    std::vector<std::byte> fresh;
    fresh.resize((std::size_t{0} + ... + (sizeof(void*) + size_of(fields))));
    std::byte* at = fresh.data();
    ((at = write(at, fields)), ...);
    return std::shared_ptr<const carried_fields>(new carried_fields(outer, fresh));
  }

  /// For each field the address of its detail::argument_type, then the value.
  std::span<const std::byte> bytes() const noexcept { return bytes_; }

 private:
  friend class detail::field_list;
  carried_fields() = default;
  carried_fields(const carried_fields* outer, std::span<const std::byte> fresh);

  template <class Field>
  static std::size_t size_of(const Field& field) noexcept {
    return detail::codec<Field>::size(field);
  }
  template <class Field>
  static std::byte* write(std::byte* at, const Field& field) noexcept {
    const detail::argument_type* const type = detail::argument_types<typename detail::codec<Field>::encoded>.data();
    std::memcpy(at, &type, sizeof type);
    return detail::codec<Field>::write(at + sizeof type, field);
  }

  std::vector<std::byte> bytes_;
};

namespace detail {

/// The bytes that an argument of this type takes in a record.
inline std::size_t bytes_of(const argument_type& type, const std::byte* at) noexcept {
  return type.size == 0 ? codec<std::string_view>::size(codec<std::string_view>::read(at)) : type.size;
}

/// Calls visit(type, value's place) for each field in `bytes`.
template <class Visit>
void for_each_carried(std::span<const std::byte> bytes, Visit visit) {
  while (!bytes.empty()) {
    const argument_type* type;
    std::memcpy(&type, bytes.data(), sizeof type);
    const std::byte* const value = bytes.data() + sizeof type;
    visit(*type, value);
    bytes = bytes.subspan(sizeof type + bytes_of(*type, value));
  }
}

bool carries(std::span<const std::byte> bytes, std::string_view key) noexcept;

/// Describes a field of text whose key is known only when the program runs. It is there until the process ends, and
/// for each key once: for keys that come from options, not from data. Thread-safe. Throws std::bad_alloc, and
/// std::invalid_argument naming a key that is none (see field()).
const argument_type& text_field_type(std::string_view key);

/// Fields that are gathered one by one, for the records of one thread: those of a statement that has some of them
/// only now and then. Keeps its memory. Thread-compatible.
class field_list {
 public:
  void clear() noexcept { fields_.bytes_.clear(); }
  bool empty() const noexcept { return fields_.bytes_.empty(); }
  /// Throw std::bad_alloc. The key must not be in the list.
  template <field_key Key, class Value>
  void add(const field_argument<Key, Value>& field) {
    const std::size_t end = grow(sizeof(void*) + carried_fields::size_of(field));
    carried_fields::write(fields_.bytes_.data() + end, field);
  }
  void add(const argument_type& text_field, std::string_view value);
  /// Those of `others`, which may be null, whose keys are not in the list.
  void add(const carried_fields* others);

  /// For correlation::fields. Valid until the list changes.
  const carried_fields* view() const noexcept { return &fields_; }

 private:
  std::size_t grow(std::size_t bytes);

  carried_fields fields_;
};

// The part of a record between its ids and its arguments: how many bytes of the logger's fields follow, how many of
// the context's, and both.

/// Of both together, either of which may be null; 0 if there are none.
std::size_t carried_size(const carried_fields* of_logger, const carried_fields* of_context) noexcept;
std::byte* write_carried(std::byte* at, const carried_fields* of_logger, const carried_fields* of_context) noexcept;

/// As they stand in a record.
struct carried_spans {
  std::span<const std::byte> of_logger{}, of_context{};
};
carried_spans read_carried(const std::byte*& at) noexcept;

} // namespace detail
} // namespace weir
