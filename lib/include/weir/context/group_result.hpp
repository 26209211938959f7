// What became of the tasks of a group.
#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

namespace weir {

struct failed_task {
  std::string task;
  std::exception_ptr error;
};

/// Each task is counted once.
struct group_result {
  std::size_t succeeded = 0;
  /// Ended because their context had, the group's or their own (see ended_with()), or were not started for it.
  std::size_t canceled = 0;
  std::size_t failed = 0;
  /// The first of them, in the order in which they failed: of a group that lives long no more than this are kept.
  static constexpr std::size_t most_failures = 64;
  std::vector<failed_task> failures;
  /// The error of the group's context, if it had ended by then.
  std::error_code error;

  /// Whether every task succeeded.
  explicit operator bool() const noexcept { return failed == 0 && canceled == 0; }

  /// Throws group_error if there are failures; else, if tasks were cancelled, std::system_error with `error`, or with
  /// context_errc::canceled if it was not the group's context that had ended; else returns.
  void throw_if_failed() const;
};

/// Says of each failure which task it was and what it threw: `prices: connection refused; stock: no such item`.
class group_error : public std::runtime_error {
 public:
  /// Errors: throws std::bad_alloc. `of.failures` is not empty.
  explicit group_error(group_result of);

  const group_result& result() const noexcept { return *result_; }

 private:
  std::shared_ptr<const group_result> result_; // exceptions are copied
};

} // namespace weir
