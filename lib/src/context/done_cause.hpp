// A cause as the tree hands it down: cheap to copy, because a cascade gives every descendant its own.
#pragma once

#include "weir/context/cancel_cause.hpp"
#include "weir/context/context_error.hpp"

#include <memory>
#include <string>
#include <system_error>
#include <utility>

namespace weir::detail {

/// What only few causes have, shared by all the nodes that a cancel reached.
struct cause_detail {
  std::error_code error;
  std::string text;
};

struct done_cause {
  context_errc error = context_errc::canceled;
  cancel_reason reason = cancel_reason::none;
  std::shared_ptr<const cause_detail> detail{};
};

/// `fallback` is the reason if the cause gives none. Throws std::bad_alloc if the cause has an error or a text.
inline done_cause make_done_cause(context_errc error, cancel_reason fallback, cancel_cause given) {
  done_cause result{error, given.reason == cancel_reason::none ? fallback : given.reason};
  if (given.error || !given.text.empty())
    result.detail = std::make_shared<const cause_detail>(given.error, std::move(given.text));
  return result;
}

inline cancel_cause to_cancel_cause(const done_cause& from) {
  cancel_cause result{from.reason, make_error_code(from.error)};
  if (from.detail) {
    if (from.detail->error) result.error = from.detail->error;
    result.text = from.detail->text;
  }
  return result;
}

} // namespace weir::detail
