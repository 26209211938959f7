// What every kind of node in the tree of contexts has in common; contexts are handles to these.
#pragma once

#include "weir/correlation.hpp"

#include <atomic>
#include <cstdint>
#include <utility>

namespace weir::detail {

class value_node;

/// How far a cancellable node has come. It only ever goes forward.
enum class done_phase : std::uint32_t {
  live,
  marking, ///< done, and its canceller is still reaching descendants
  settled, ///< done, and so is every descendant
};

/// The part of a cancellable node that polling reads.
struct done_flag {
  std::atomic<done_phase> phase_{done_phase::live};

  bool done() const noexcept {
    // acquire: pairs with the release in cancel_node::store_mark(); makes the cause visible.
    return phase_.load(std::memory_order_acquire) != done_phase::live;
  }

  /// Done, and so is every descendant.
  bool settled() const noexcept {
    // acquire: pairs with the release in cancel_node::settle() or, without children, store_mark().
    return phase_.load(std::memory_order_acquire) == done_phase::settled;
  }
};

/// A node of the tree. It keeps its parent alive, never its children, and what it inherits is copied down from the
/// parent when it is made, so that no look-up walks the whole chain.
/// Thread safety: everything but the reference count is constant once the node is shared.
class node {
 public:
  node(const node&) = delete;
  node& operator=(const node&) = delete;

  void add_reference() noexcept {
    // relaxed: a new reference is only ever made from one that its owner already holds.
    references_.fetch_add(1, std::memory_order_relaxed);
  }

  /// Takes a reference unless the last one is gone, in which case the node is about to be destroyed. The caller must
  /// hold what the destructor has to wait for.
  bool try_add_reference() noexcept {
    // relaxed: the caller's lock orders this against the destructor.
    auto seen = references_.load(std::memory_order_relaxed);
    while (count_of(seen) != 0) {
      // relaxed: as above.
      if (references_.compare_exchange_weak(seen, seen + 1, std::memory_order_relaxed)) return true;
    }
    return false;
  }

  void release() noexcept {
    if (drop_reference()) destroy(this);
  }

  /// Whether the caller's own `references` are all there are: then no other thread can get at the node but those who
  /// may end it without one: its owner, its timer, its stop token.
  bool is_held_by(std::uint32_t references) const noexcept {
    // acquire: pairs with the release in drop_reference(); whoever dropped a reference has done with the node.
    return count_of(references_.load(std::memory_order_acquire)) == references;
  }

  const node* parent() const noexcept { return parent_; }
  /// The nearest cancellable node, this one or above; null if nothing can end this context.
  done_flag* source() const noexcept { return source_; }
  /// The nearest node that carries a value, this one or above, or null.
  const value_node* values() const noexcept { return values_; }
  /// The nearest log ids, or null.
  const correlation* ids() const noexcept { return ids_; }

 protected:
  /// Takes a reference to `parent`, which may be null (the background), and inherits from it. `references`: with how
  /// many of its own it is born, which saves counting them up. `can_be_found`: try_add_reference() may be called on
  /// it by who has none, until it has settled and whoever ended it has dropped his reference; afterwards by those
  /// only whose calls its destructor waits for.
  explicit node(node* parent, std::uint32_t references = 1, bool can_be_found = false) noexcept
      : parent_(parent), references_(references | (can_be_found ? found_bit : 0)) {
    if (!parent) return;
    parent->add_reference();
    source_ = parent->source_;
    values_ = parent->values_;
    ids_ = parent->ids_;
  }
  virtual ~node() = default;

  done_flag* source_ = nullptr;
  const value_node* values_ = nullptr;
  const correlation* ids_ = nullptr;

 private:
  /// Of references_, whose highest bit stays as it is: whether the node can be found. A member more would cost eight
  /// bytes of every context.
  static constexpr std::uint32_t found_bit = 1U << 31;
  static constexpr std::uint32_t count_of(std::uint32_t word) noexcept { return word & ~found_bit; }

  /// Whether that was the last.
  bool drop_reference() noexcept {
    // Whoever holds the only one need not count down, if nobody can make another: that is most nodes' end, and an
    // atomic subtraction less is a tenth of what a context's whole life costs. Settled first: whoever has found and
    // ended the node counted up before, and down when it was done with it.
    // relaxed: the bit is constant.
    const bool can_be_found = (references_.load(std::memory_order_relaxed) & found_bit) != 0;
    // acquire: as the subtraction's.
    if ((!can_be_found || source_->settled()) && count_of(references_.load(std::memory_order_acquire)) == 1)
      return true;
    // acq_rel: the release hands this owner's reads and writes to whoever destroys the node, the acquire receives
    // those of all other owners.
    return count_of(references_.fetch_sub(1, std::memory_order_acq_rel)) == 1;
  }

  /// Destroys the node and every ancestor that only it kept alive, in a loop: chains may be long.
  static void destroy(node* last) noexcept;

  node* const parent_;
  std::atomic<std::uint32_t> references_;
};

/// `given` with the fields and the recording of `parent`'s ids, as far as it has none and they have. The parent
/// outlives its children.
inline correlation completed_by(const node* parent, correlation given) noexcept {
  const correlation* const inherited = parent != nullptr ? parent->ids() : nullptr;
  if (inherited == nullptr) return given;
  if (given.fields == nullptr) given.fields = inherited->fields;
  if (given.tape == nullptr) {
    given.tape = inherited->tape;
    given.recording_round = inherited->recording_round;
  }
  return given;
}

/// An owning pointer to a node; null is the background.
class node_ptr {
 public:
  node_ptr() noexcept = default;
  node_ptr(const node_ptr& other) noexcept : node_(other.node_) {
    if (node_) node_->add_reference();
  }
  node_ptr(node_ptr&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
  node_ptr& operator=(node_ptr other) noexcept {
    std::swap(node_, other.node_);
    return *this;
  }
  ~node_ptr() {
    if (node_) node_->release();
  }

  /// Takes over a reference that a new node is born with, or one already taken.
  static node_ptr adopt(node* owned) noexcept {
    node_ptr result;
    result.node_ = owned;
    return result;
  }
  /// Takes a reference of its own.
  static node_ptr share(node* other) noexcept {
    if (other) other->add_reference();
    return adopt(other);
  }

  node* get() const noexcept { return node_; }
  node* operator->() const noexcept { return node_; }
  explicit operator bool() const noexcept { return node_ != nullptr; }
  friend bool operator==(const node_ptr&, const node_ptr&) noexcept = default;

 private:
  node* node_ = nullptr;
};

} // namespace weir::detail
