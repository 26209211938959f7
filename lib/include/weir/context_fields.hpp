// Log fields that follow a context: into whatever thread or coroutine works under it, and its descendants.
#pragma once

#include "weir/context/context_scope.hpp"
#include "weir/context/values.hpp"
#include "weir/log/carried_fields.hpp"

namespace weir {

/// A child of `parent` whose work is logged with these fields, besides the parent's; a key that the parent has
/// already gets the new value. They stand behind a statement's own fields, and behind its logger's; where those have
/// the same key, the nearer one is written.
///
///   const auto ctx = weir::with_fields(request.ctx(), weir::field<"user">(name), weir::field<"tenant">(id));
///
/// Values are copied. Errors: throws std::bad_alloc. Cost: some allocations here; for each record under the context a
/// copy of the encoded fields.
template <class... Fields>
[[nodiscard]] context with_fields(const context& parent, const Fields&... fields) {
  correlation ids = parent.ids() != nullptr ? *parent.ids() : correlation{};
  auto all = carried_fields::make(ids.fields, fields...);
  ids.fields = all.get();
  return with_correlation(parent, ids, std::move(all));
}

} // namespace weir
