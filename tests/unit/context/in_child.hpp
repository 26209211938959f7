// For tests: what becomes of a function in a forked child.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

namespace weir_test {

/// What the child's `function` returned, or -1 if it did not get that far in its time.
template <class Function>
int in_child(Function function) {
  const ::pid_t child = ::fork();
  if (child == 0) {
    ::alarm(20);
    ::_exit(function());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

} // namespace weir_test
