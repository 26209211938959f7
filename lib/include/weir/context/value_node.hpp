// Nodes that carry a value, found by the type of its key.
#pragma once

#include "weir/context/node.hpp"

#include <concepts>
#include <type_traits>
#include <utility>

namespace weir {

/// A type that names a value of a context: `struct user_key { using value_type = std::string; };`. As each component
/// declares its own key types, one component's key cannot collide with another's.
template <typename Key>
concept context_key = requires {
  typename Key::value_type;
}
&&std::is_object_v<typename Key::value_type>;

} // namespace weir

namespace weir::detail {

struct context_access;

/// Its address stands for the key type.
template <typename Key>
inline constexpr char key_identity{};

class value_node : public node {
 public:
  const void* key() const noexcept { return key_; }
  const value_node* above() const noexcept { return above_; }

 protected:
  value_node(node* parent, const void* key) noexcept : node(parent), key_(key), above_(values_) { values_ = this; }

 private:
  const void* const key_;
  const value_node* const above_;
};

template <typename Key>
class typed_value_node final : public value_node {
 public:
  template <typename... Arguments>
  explicit typed_value_node(node* parent, Arguments&&... arguments) try
      : value_node(parent, &key_identity<Key>), value_(std::forward<Arguments>(arguments)...) {
  } catch (...) {
    // Nobody else gives back what node's constructor took: that is done along the chain, not by the destructor.
    if (parent) parent->release();
  }

  const typename Key::value_type& value() const noexcept { return value_; }
  /// For who made the node and knows that nobody can read it meanwhile: see is_alone_with().
  typename Key::value_type& renewable_value() noexcept { return value_; }

 private:
  typename Key::value_type value_;
};

inline const value_node* find_value(const value_node* from, const void* key) noexcept {
  while (from && from->key() != key) from = from->above();
  return from;
}

} // namespace weir::detail
