// An object that is there before the first constructor runs and after the last destructor has.
#pragma once

namespace weir::detail {

/// Made at compile time (declare it constinit) and never destroyed: for what static objects and their destructors,
/// detached threads and forked children may come to.
template <class T>
union immortal {
  constexpr immortal() noexcept : object() {}
  constexpr ~immortal() {}

  T object;
};

} // namespace weir::detail
