#include "weir/process_metrics.hpp"

#include "weir/metrics/names.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace weir {
namespace {

/// The beginning of a file of /proc, or nothing if it cannot be read.
std::string read_file(const char* path) {
  const int file = ::open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  std::array<char, 4096> buffer;
  const ssize_t size = ::read(file, buffer.data(), buffer.size());
  ::close(file);
  return {buffer.data(), size < 0 ? 0 : static_cast<std::size_t>(size)};
}

/// The n-th of the words between spaces and line feeds, from 0, as a number.
std::optional<double> number_at(std::string_view text, std::size_t n) {
  for (;; --n) {
    const std::size_t begin = text.find_first_not_of(" \n");
    if (begin == std::string_view::npos) return std::nullopt;
    text.remove_prefix(begin);
    if (n == 0) break;
    text.remove_prefix(std::min(text.find_first_of(" \n"), text.size()));
  }
  std::uint64_t number = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc()) return std::nullopt;
  return static_cast<double>(number);
}

/// A field of /proc/self/stat by its number in proc(5), from 3 on: the second, the program's name, may hold anything.
std::optional<double> stat_field(std::size_t number) {
  const std::string text = read_file("/proc/self/stat");
  const std::size_t end_of_name = text.rfind(')');
  if (end_of_name == std::string::npos) return std::nullopt;
  return number_at(std::string_view(text).substr(end_of_name + 1), number - 3);
}

double seconds(const timespec& time) noexcept {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

std::optional<double> cpu_seconds() {
  timespec spent{};
  if (::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent) != 0) return std::nullopt;
  return seconds(spent);
}

/// A field of /proc/self/statm, which counts pages.
std::optional<double> memory_bytes(std::size_t field) {
  const std::optional<double> pages = number_at(read_file("/proc/self/statm"), field);
  if (!pages) return std::nullopt;
  return *pages * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

std::optional<double> max_fds() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::nullopt;
  return static_cast<double>(limit.rlim_cur);
}

std::optional<double> open_fds() {
  // Linux 6.2 and later say how many there are without having them listed.
  struct stat directory {};
  if (::stat("/proc/self/fd", &directory) == 0 && directory.st_size > 0)
    return static_cast<double>(directory.st_size);

  const std::unique_ptr<DIR, int (*)(DIR*)> list(::opendir("/proc/self/fd"), &::closedir);
  // No descriptor is left to list them with: then all are open that may be.
  if (list == nullptr) return errno == EMFILE ? max_fds() : std::nullopt;
  double count = -1; // that of the list
  while (const dirent* const entry = ::readdir(list.get()))
    if (entry->d_name[0] != '.') ++count;
  return count;
}

std::optional<double> threads() { return stat_field(20); }

/// Since the epoch: that of the machine's start, and the process's since then.
std::optional<double> start_seconds() {
  const std::optional<double> ticks = stat_field(22);
  timespec since_boot{}, now{};
  if (!ticks || ::clock_gettime(CLOCK_BOOTTIME, &since_boot) != 0 || ::clock_gettime(CLOCK_REALTIME, &now) != 0)
    return std::nullopt;
  return seconds(now) - seconds(since_boot) + *ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

template <class Description, class Read>
callback_registration show(metrics_registry& registry, const Description& description, Read read) {
  return registry.add_callback(description, [read] {
    std::vector<series_snapshot> all;
    if (const std::optional<double> value = read()) all.emplace_back().value = *value;
    return all;
  });
}

} // namespace

std::vector<callback_registration> register_process_metrics(metrics_registry& registry) {
  using names = metric_names;
  // Once: the system's clock may be set while the process runs, which does not change when it began.
  const std::optional<double> started = start_seconds();
  std::vector<callback_registration> all;
  all.push_back(show(registry, names::process_cpu, cpu_seconds));
  all.push_back(show(registry, names::process_virtual_memory, [] { return memory_bytes(0); }));
  all.push_back(show(registry, names::process_resident_memory, [] { return memory_bytes(1); }));
  all.push_back(show(registry, names::process_open_fds, open_fds));
  all.push_back(show(registry, names::process_max_fds, max_fds));
  all.push_back(show(registry, names::process_threads, threads));
  all.push_back(show(registry, names::process_start_time, [started] { return started; }));
  return all;
}

} // namespace weir
