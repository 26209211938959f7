// A circular list of hooks embedded in what it links: no allocation, removal without a search.
#pragma once

#include "weir/context/done_callback.hpp"

#include <utility>

namespace weir::detail {

/// Neither owns nor locks; its user does. One pointer, as a context has three of these and mostly uses none.
class hook_list {
 public:
  hook_list() noexcept = default;
  hook_list(const hook_list&) = delete;
  hook_list& operator=(const hook_list&) = delete;

  bool empty() const noexcept { return first_ == nullptr; }
  /// Null if it is empty. The last hook's `next` is the first again.
  list_hook* first() noexcept { return first_; }

  void push_back(list_hook& hook) noexcept {
    if (first_ == nullptr) {
      first_ = hook.next = hook.previous = &hook;
      return;
    }
    hook.next = first_;
    hook.previous = first_->previous;
    first_->previous->next = &hook;
    first_->previous = &hook;
  }

  /// `hook` must be in this list.
  void remove(list_hook& hook) noexcept {
    if (first_ == &hook) first_ = hook.next == &hook ? nullptr : hook.next;
    hook.previous->next = hook.next;
    hook.next->previous = hook.previous;
    hook.next = hook.previous = nullptr;
  }

  /// Takes out one after the other and visits it; a visit may destroy it.
  template <class Visit>
  void drain(Visit visit) {
    visit_once(std::exchange(first_, nullptr), [&](list_hook& each) {
      each.next = each.previous = nullptr;
      visit(each);
    });
  }

  /// Visits all, also those that a visit adds at the end.
  template <class Visit>
  void for_each(Visit visit) {
    list_hook* at = first_;
    if (at == nullptr) return;
    do {
      visit(*at);
      at = at->next;
    } while (at != first_);
  }

 private:
  /// Each of the ring that `at` is in, which a visit may take out of it.
  template <class Visit>
  static void visit_once(list_hook* at, Visit visit) {
    if (at == nullptr) return;
    const list_hook* const last = at->previous;
    for (bool more = true; more;) {
      list_hook& each = *at;
      more = at != last;
      at = at->next;
      visit(each);
    }
  }

  list_hook* first_ = nullptr;
};

} // namespace weir::detail
