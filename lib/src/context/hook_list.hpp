// A circular list of hooks embedded in what it links: no allocation, removal without a search.
#pragma once

#include "weir/context/done_callback.hpp"

namespace weir::detail {

/// Neither owns nor locks; its user does.
class hook_list {
 public:
  hook_list() noexcept { ends_.next = ends_.previous = &ends_; }
  hook_list(const hook_list&) = delete;
  hook_list& operator=(const hook_list&) = delete;

  bool empty() const noexcept { return ends_.next == &ends_; }
  list_hook* first() noexcept { return ends_.next; }
  /// What a walk that began at first() arrives at.
  list_hook* end() noexcept { return &ends_; }

  void push_back(list_hook& hook) noexcept {
    hook.next = &ends_;
    hook.previous = ends_.previous;
    ends_.previous->next = &hook;
    ends_.previous = &hook;
  }

  /// `hook` must be in a list; which one does not matter.
  static void remove(list_hook& hook) noexcept {
    hook.previous->next = hook.next;
    hook.next->previous = hook.previous;
    hook.next = hook.previous = nullptr;
  }

 private:
  list_hook ends_;
};

} // namespace weir::detail
