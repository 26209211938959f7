// A context whose work is recorded.
#pragma once

#include "weir/context/context_scope.hpp"
#include "weir/context/values.hpp"
#include "weir/log/recording.hpp"

namespace weir {

/// A child of `parent`; what is logged under it and its descendants below the level is kept in `kept`, until that
/// ends or begins anew. Of recordings within one another the innermost keeps.
/// Errors: throws std::bad_alloc. Cost: an allocation.
[[nodiscard]] inline context with_recording(const context& parent, const recording& kept) {
  return with_correlation(parent, kept.attach(parent.ids() != nullptr ? *parent.ids() : correlation{}));
}

} // namespace weir
