// A cause as the tree hands it down: cheap to copy, because a cascade gives every descendant its own.
#pragma once

#include "weir/context/cancel_cause.hpp"
#include "weir/context/context_error.hpp"

#include <atomic>
#include <cstdint>
#include <string>
#include <system_error>
#include <utility>

namespace weir::detail {

/// What only few causes have, shared by all the nodes that a cancel reached. Constant.
class cause_detail {
 public:
  cause_detail(std::error_code its_error, std::string its_text) : error(its_error), text(std::move(its_text)) {}

  const std::error_code error;
  const std::string text;

 private:
  friend class cause_detail_ptr;
  // relaxed, of the first: as of all counts, a new reference is made from one that is held.
  void add_reference() const noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() const noexcept {
    // acq_rel: all other owners' reads come before the destruction.
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }
  mutable std::atomic<std::uint32_t> references_{1};
};

/// Half of a std::shared_ptr: every context has one, and hardly any uses it.
class cause_detail_ptr {
 public:
  cause_detail_ptr() noexcept = default;
  /// Takes over the reference that it was born with.
  explicit cause_detail_ptr(const cause_detail* fresh) noexcept : detail_(fresh) {}
  cause_detail_ptr(const cause_detail_ptr& other) noexcept : detail_(other.detail_) {
    if (detail_) detail_->add_reference();
  }
  cause_detail_ptr(cause_detail_ptr&& other) noexcept : detail_(std::exchange(other.detail_, nullptr)) {}
  cause_detail_ptr& operator=(cause_detail_ptr other) noexcept {
    std::swap(detail_, other.detail_);
    return *this;
  }
  ~cause_detail_ptr() {
    if (detail_) detail_->release();
  }

  explicit operator bool() const noexcept { return detail_ != nullptr; }
  const cause_detail* operator->() const noexcept { return detail_; }

 private:
  const cause_detail* detail_ = nullptr;
};

struct done_cause {
  context_errc error = context_errc::canceled;
  cancel_reason reason = cancel_reason::none;
  cause_detail_ptr detail{};
};

/// `fallback` is the reason if the cause gives none. Throws std::bad_alloc if the cause has an error or a text.
inline done_cause make_done_cause(context_errc error, cancel_reason fallback, cancel_cause given) {
  done_cause result{error, given.reason == cancel_reason::none ? fallback : given.reason};
  if (given.error || !given.text.empty())
    result.detail = cause_detail_ptr(new cause_detail(given.error, std::move(given.text)));
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
