// A circular list of hooks embedded in what it links: no allocation, removal without a search.
#pragma once

#include <weir/context/done_callback.hpp>

namespace weir::detail {

/// Neither owns nor locks; its user does.
class hook_list {
public:
  hook_list() noexcept { x_ends.next = x_ends.previous = &x_ends; }
  hook_list(const hook_list&) = delete;
  hook_list& operator=(const hook_list&) = delete;

  bool empty() const noexcept { return x_ends.next == &x_ends; }
  list_hook* first() noexcept { return x_ends.next; }
  /// What a walk that began at first() arrives at.
  list_hook* end() noexcept { return &x_ends; }

  void push_back(list_hook& hook) noexcept {
    hook.next = &x_ends;
    hook.previous = x_ends.previous;
    x_ends.previous->next = &hook;
    x_ends.previous = &hook;
  }

  /// `hook` must be in a list; which one does not matter.
  static void remove(list_hook& hook) noexcept {
    hook.previous->next = hook.next;
    hook.next->previous = hook.previous;
    hook.next = hook.previous = nullptr;
  }

private:
  list_hook x_ends;
};

}  // namespace weir::detail
