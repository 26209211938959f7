// A process that has hardly any descriptors left. Not with UBSan, whose looks at objects' types want their own.
#pragma once

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

namespace weir_test {

/// The process can have so many descriptors more, until this ends.
class few_descriptors {
 public:
  explicit few_descriptors(int more) {
    std::vector<int> next;
    for (int i = 0; i <= more; ++i) next.push_back(::dup(0));
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit now = before_;
    now.rlim_cur = static_cast<rlim_t>(*std::ranges::max_element(next)); // that one is too many
    for (const int each : next) ::close(each);
    ::setrlimit(RLIMIT_NOFILE, &now);
  }
  few_descriptors(const few_descriptors&) = delete;
  few_descriptors& operator=(const few_descriptors&) = delete;
  ~few_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

} // namespace weir_test
