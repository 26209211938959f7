// A callback waiting in a context's list, whatever its type.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <utility>

namespace weir::detail {

class node;

/// A member of a circular list; in no list while `next` is null.
struct list_hook {
  list_hook* next = nullptr;
  list_hook* previous = nullptr;
};

/// Owned by the list it waits in (whoever takes it out takes that reference over), by its registration, and by who
/// wants to register it again. The hook belongs to the node's lock.
class done_callback : public list_hook {
 public:
  static constexpr std::uint32_t registered = 2; // references: the list's and the registration's

  explicit done_callback(std::uint32_t references = registered) noexcept : references_(references) {}
  done_callback(const done_callback&) = delete;
  done_callback& operator=(const done_callback&) = delete;

  /// Calls the function, reports what it throws, and destroys it at once: what it captured is not kept for as long
  /// as the registration happens to live. `source`: the node that ended.
  virtual void run(node& source) noexcept = 0;
  /// Destroys the function without calling it.
  virtual void discard() noexcept = 0;

  // relaxed: as of all counts, a new reference is made from one that is held.
  void add_references(std::uint32_t count) noexcept { references_.fetch_add(count, std::memory_order_relaxed); }
  /// Whether the caller's reference is the only one: it is registered nowhere, and is not being run.
  bool is_unshared() const noexcept {
    // acquire: pairs with the release in release(); whoever ran it has done with it.
    return references_.load(std::memory_order_acquire) == 1;
  }
  void release() noexcept {
    // acq_rel: the release hands over this owner's use of the callback, the acquire receives the other's.
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 protected:
  virtual ~done_callback() = default;

 private:
  std::atomic<std::uint32_t> references_;
};

/// Reports the exception that is being handled as the failure of a callback of that node's context.
void report_callback_failure(node& source) noexcept;

/// Calls a callback the way run() promises.
template <typename Function>
void run_reporting(Function& function, node& source) noexcept {
  try {
    function();
  } catch (...) {
    // Whoever cancels is not the one to handle a listener's error, and the other listeners must still be told.
    report_callback_failure(source);
  }
}

template <typename Function>
class typed_callback final : public done_callback {
 public:
  template <typename Argument>
  explicit typed_callback(std::in_place_t, Argument&& function) : function_(std::forward<Argument>(function)) {}

  void run(node& source) noexcept override {
    run_reporting(*function_, source);
    function_.reset();
  }
  void discard() noexcept override { function_.reset(); }

 private:
  std::optional<Function> function_;
};

} // namespace weir::detail
