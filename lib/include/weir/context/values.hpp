// Making contexts that carry something: a value, the ids for the log, or everything but the cancellation.
#pragma once

#include "weir/context/context.hpp"
#include "weir/context/value_node.hpp"
#include "weir/correlation.hpp"

#include <concepts>
#include <memory>
#include <utility>

namespace weir {

/// A child of `parent` in which value<Key>() gives `value`; it hides a value given further out under the same key.
/// The value is constant and may be read from any thread. Errors: throws std::bad_alloc or what making the value
/// throws. Lifetime: the value dies with the last handle to the child or its descendants. Cost: one allocation.
template <context_key Key, typename Value = typename Key::value_type>
requires std::constructible_from<typename Key::value_type, Value>
[[nodiscard]] context with_value(const context& parent, Value&& value) {
  return detail::context_access::make(detail::node_ptr::adopt(
      new detail::typed_value_node<Key>(detail::context_access::get(parent), std::forward<Value>(value))));
}

/// A child of `parent` whose work is logged under `ids`; so is that of its descendants, without_cancel() included,
/// until one is given ids of its own; unless those have fields, or a recording, of their own, the parent's stay.
/// Errors: throws std::bad_alloc. Cost: one allocation.
[[nodiscard]] context with_correlation(const context& parent, const correlation& ids);
/// The same; `owner` is kept alive for as long as the child is. `ids.fields` may be its.
[[nodiscard]] context with_correlation(const context& parent, const correlation& ids,
                                       std::shared_ptr<const void> owner);

/// A child of `parent` that keeps its values and ids and nothing else: it has no deadline and is not ended with the
/// parent. For work that must outlive its request, such as writing an audit line.
/// Errors: throws std::bad_alloc. Cost: one allocation, none if nothing can end `parent` anyway.
[[nodiscard]] context without_cancel(const context& parent);

} // namespace weir
