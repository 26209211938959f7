#include "measuring/cores.hpp"

#include <sched.h>

#include <cerrno>
#include <system_error>
#include <vector>

namespace bench {

namespace {

std::vector<int> find_usable_cores() {
  cpu_set_t allowed;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0)
    throw std::system_error(errno, std::system_category(), "sched_getaffinity");
  std::vector<int> cores;
  for (int core = 0; core < CPU_SETSIZE; ++core)
    if (CPU_ISSET(core, &allowed)) cores.push_back(core);
  return cores;
}

} // namespace

void pin(role which) {
  static const std::vector<int> cores = find_usable_cores(); // before the first pin() narrows them
  const int core = which == role::producer ? cores.front() : cores[1 % cores.size()];
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(core, &one);
  if (::sched_setaffinity(0, sizeof one, &one) != 0)
    throw std::system_error(errno, std::system_category(), "sched_setaffinity");
}

} // namespace bench
