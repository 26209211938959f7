// What the process takes of its machine: numbers that follow what it does.
#include "weir/process_metrics.hpp"

#include "weir/metrics/names.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <latch>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using names = weir::metric_names;

struct page {
  weir::metrics_registry registry;
  std::vector<weir::callback_registration> held = weir::register_process_metrics(registry);

  double operator[](std::string_view name) const {
    for (const auto& family : registry.collect())
      if (family.name == name) return family.series.at(0).value;
    throw std::out_of_range("no such metric");
  }
};

/// Descriptors, closed at the end.
struct descriptors {
  std::vector<int> all;

  explicit descriptors(std::size_t count) {
    while (all.size() < count) all.push_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  }
  descriptors(const descriptors&) = delete;
  descriptors& operator=(const descriptors&) = delete;
  ~descriptors() {
    for (const int each : all) ::close(each);
  }
};

TEST_CASE("process metrics: descriptors are counted as they open and close", "[metrics][process]") {
  const page now;
  const double before = now[names::process_open_fds.name];
  CHECK(before >= 3);
  {
    const descriptors more(10);
    CHECK(now[names::process_open_fds.name] == before + 10);
  }
  CHECK(now[names::process_open_fds.name] == before);
  CHECK(now[names::process_max_fds.name] >= before);
}

TEST_CASE("process metrics: are there when no descriptor is left to ask with", "[metrics][process]") {
  const page now;
  rlimit old{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &old) == 0);
  const auto in_use = static_cast<rlim_t>(now[names::process_open_fds.name]);
  const rlimit tight{in_use + 4, old.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &tight) == 0);
  double open = 0, most = 0;
  {
    std::vector<int> all;
    for (int file; (file = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) all.push_back(file);
    open = now[names::process_open_fds.name];
    most = now[names::process_max_fds.name];
    for (const int each : all) ::close(each);
  }
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &old) == 0);
  CHECK(most == static_cast<double>(tight.rlim_cur));
  // Descriptors above the limit may have been open before it.
  CHECK(open >= static_cast<double>(in_use));
}

TEST_CASE("process metrics: memory that is touched is resident", "[metrics][process]") {
  const page now;
  const double virtual_before = now[names::process_virtual_memory.name];
  const double resident_before = now[names::process_resident_memory.name];
  constexpr std::size_t size = 64 << 20;
  void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(memory != MAP_FAILED);
  CHECK(now[names::process_virtual_memory.name] >= virtual_before + size / 2);
  for (std::size_t at = 0; at < size; at += 4096) static_cast<volatile char*>(memory)[at] = 1;
  CHECK(now[names::process_resident_memory.name] >= resident_before + size / 2);
  ::munmap(memory, size);
}

TEST_CASE("process metrics: processor time grows with work", "[metrics][process]") {
  const page now;
  const double before = now[names::process_cpu.name];
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (now[names::process_cpu.name] < before + 0.01) REQUIRE(std::chrono::steady_clock::now() < end);
  CHECK(before >= 0);
}

TEST_CASE("process metrics: threads are counted", "[metrics][process]") {
  const page now;
  const double before = now[names::process_threads.name];
  CHECK(before >= 1);
  constexpr int more = 8;
  std::latch over(1), started(more);
  std::vector<std::jthread> others;
  for (int i = 0; i < more; ++i) {
    others.emplace_back([&] {
      started.count_down();
      over.wait();
    });
  }
  started.wait();
  // A thread that was joined before may have been counted then.
  CHECK(now[names::process_threads.name] > before + more / 2);
  over.count_down();
}

TEST_CASE("process metrics: the start is in the past, and stays", "[metrics][process]") {
  const page first, second;
  const double start = first[names::process_start_time.name];
  const double present = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  CHECK(start <= present + 1);
  CHECK(start > present - 24 * 3600);
  CHECK(second[names::process_start_time.name] == Approx(start).margin(1));
}

TEST_CASE("process metrics: once a registry, and gone with their registrations", "[metrics][process]") {
  page now;
  CHECK_THROWS_AS(weir::register_process_metrics(now.registry), std::invalid_argument);
  now.held.clear();
  CHECK_NOTHROW(now.held = weir::register_process_metrics(now.registry));
  CHECK(now[names::process_threads.name] >= 1);
}

} // namespace
