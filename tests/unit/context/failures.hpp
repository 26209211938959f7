// What work under contexts threw, collected while a test runs.
#pragma once

#include "weir/context/task_failure.hpp"

#include <mutex>
#include <string>
#include <vector>

namespace weir_test {

/// Takes the process's failures while it lives.
class failure_log {
 public:
  failure_log() {
    weir::set_task_failure_handler([this](const weir::task_failure& failure) {
      const std::lock_guard hold(mutex_);
      tasks_.emplace_back(failure.task);
      contexts_.push_back(failure.ctx);
    });
  }
  failure_log(const failure_log&) = delete;
  failure_log& operator=(const failure_log&) = delete;
  ~failure_log() { weir::set_task_failure_handler({}); }

  std::vector<std::string> tasks() const {
    const std::lock_guard hold(mutex_);
    return tasks_;
  }
  std::vector<weir::context> contexts() const {
    const std::lock_guard hold(mutex_);
    return contexts_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> tasks_;
  std::vector<weir::context> contexts_;
};

} // namespace weir_test
