#include "measuring/result.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace bench {

void print(const result& measured) {
  fmt::print(R"({{"bench":"{}","shape":"{}","subject":"{}","metric":"{}","unit":"{}","value":{:.6g}}})"
             "\n",
             measured.benchmark, measured.shape, measured.subject, measured.metric, measured.unit, measured.value);
  std::fflush(stdout);
}

} // namespace bench
