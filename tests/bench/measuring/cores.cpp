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

const std::vector<int>& usable_cores() {
  static const std::vector<int> cores = find_usable_cores(); // before the first pin() narrows them
  return cores;
}

void move_to(const std::vector<int>& cores) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int core : cores) CPU_SET(core, &set);
  if (::sched_setaffinity(0, sizeof set, &set) != 0)
    throw std::system_error(errno, std::system_category(), "sched_setaffinity");
}

} // namespace

void pin(role which) {
  const std::vector<int>& cores = usable_cores();
  move_to({which == role::producer ? cores.front() : cores[1 % cores.size()]});
}

void unpin() { move_to(usable_cores()); }

} // namespace bench
