// A circular list of hooks embedded in what it links: no allocation, removal without a search.
#pragma once

#include "weir/context/done_callback.hpp"

#include <atomic>

namespace weir::detail {

/// Neither owns nor locks; its user does, but where it only asks empty(). One pointer, as a context has three of
/// these and mostly uses none.
class hook_list {
 public:
  hook_list() noexcept = default;
  hook_list(const hook_list&) = delete;
  hook_list& operator=(const hook_list&) = delete;

  /// Also without the lock: who then finds it empty sees what came before the last hook was taken out.
  bool empty() const noexcept {
    // acquire: pairs with the release in set_first().
    return first_.load(std::memory_order_acquire) == nullptr;
  }
  /// Null if it is empty. The last hook's `next` is the first again.
  list_hook* first() noexcept {
    // relaxed: written under the lock, which the caller has.
    return first_.load(std::memory_order_relaxed);
  }

  void push_back(list_hook& hook) noexcept {
    list_hook* const front = first();
    if (front == nullptr) {
      hook.next = hook.previous = &hook;
      set_first(&hook);
      return;
    }
    hook.next = front;
    hook.previous = front->previous;
    front->previous->next = &hook;
    front->previous = &hook;
  }

  /// `hook` must be in this list.
  void remove(list_hook& hook) noexcept {
    if (first() == &hook) set_first(hook.next == &hook ? nullptr : hook.next);
    hook.previous->next = hook.next;
    hook.next->previous = hook.previous;
    hook.next = hook.previous = nullptr;
  }

  /// Takes out one after the other and visits it; a visit may destroy it.
  template <class Visit>
  void drain(Visit visit) {
    list_hook* const front = first();
    if (front == nullptr) return;
    set_first(nullptr);
    visit_once(front, [&](list_hook& each) {
      each.next = each.previous = nullptr;
      visit(each);
    });
  }

  /// Visits all, also those that a visit adds at the end.
  template <class Visit>
  void for_each(Visit visit) {
    list_hook* at = first();
    if (at == nullptr) return;
    do {
      visit(*at);
      at = at->next;
    } while (at != first());
  }

 private:
  /// Each of the ring that `at` is in, which a visit may take out of it.
  template <class Visit>
  static void visit_once(list_hook* at, Visit visit) {
    const list_hook* const last = at->previous;
    for (bool more = true; more;) {
      list_hook& each = *at;
      more = at != last;
      at = at->next;
      visit(each);
    }
  }

  void set_first(list_hook* hook) noexcept {
    // release: pairs with the acquire in empty().
    first_.store(hook, std::memory_order_release);
  }

  std::atomic<list_hook*> first_{nullptr}; // written under the lock only
};

} // namespace weir::detail
