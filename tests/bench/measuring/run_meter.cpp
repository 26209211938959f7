#include "measuring/run_meter.hpp"

#include "measuring/result.hpp"
#include "measuring/ticks.hpp"

#include <algorithm>
#include <ctime>
#include <fstream>
#include <stdexcept>
#include <string>

namespace bench {

namespace {

/// Of all the process's threads so far.
std::uint64_t processor_nanoseconds() {
  timespec spent{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
  return static_cast<std::uint64_t>(spent.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(spent.tv_nsec);
}

/// A line of /proc/self/status, such as "VmRSS:     1234 kB". Not getrusage(): its peak is that of the program which
/// started this one if that was larger.
std::uint64_t status_bytes(const std::string& key) {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    if (word != key) continue;
    std::uint64_t kibibytes = 0;
    status >> kibibytes;
    return kibibytes << 10;
  }
  throw std::runtime_error("/proc/self/status has no " + key);
}

} // namespace

run_meter::run_meter()
    : resident_bytes_(status_bytes("VmRSS:")),
      spent_ns_(processor_nanoseconds()),
      wall_ns_(monotonic_nanoseconds()) {}

void run_meter::stop() {
  wall_ns_ = monotonic_nanoseconds() - wall_ns_;
  spent_ns_ = processor_nanoseconds() - spent_ns_;
  peak_bytes_ = std::max(status_bytes("VmHWM:"), resident_bytes_) - resident_bytes_;
}

void run_meter::print(std::string_view benchmark, std::string_view shape, std::string_view subject,
                      std::uint64_t records) const {
  const auto count = static_cast<double>(records);
  bench::print(
      {benchmark, shape, subject, "records_per_s", "records/s", count / (static_cast<double>(wall_ns_) / 1e9)});
  bench::print({benchmark, shape, subject, "ns_per_op", "ns", static_cast<double>(spent_ns_) / count});
  bench::print({benchmark, shape, subject, "peak_bytes", "bytes", static_cast<double>(peak_bytes_)});
}

} // namespace bench
