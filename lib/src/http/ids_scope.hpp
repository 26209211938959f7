// Whose ids this thread's log records carry.
#pragma once

#include "weir/correlation.hpp"

namespace weir::detail {

/// This thread's log records carry these ids while it lives.
class ids_scope {
 public:
  explicit ids_scope(const correlation& ids) noexcept : before_(current_correlation) { current_correlation = &ids; }
  ids_scope(const ids_scope&) = delete;
  ids_scope& operator=(const ids_scope&) = delete;
  ~ids_scope() { current_correlation = before_; }

 private:
  const correlation* const before_;
};

} // namespace weir::detail
