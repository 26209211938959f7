// Counts what the logging thread does besides logging once everything is warm: allocations, locks, system calls.
//
//   steady_state --subject weir --calls 1000000 --file /dev/shm/steady_state.log
//
// The calls come in bursts with pauses, about a million a second: a program whose log is keeping up.
#include "counting/system_calls.hpp"
#include "counting/thread_events.hpp"
#include "measuring/cores.hpp"
#include "measuring/options.hpp"
#include "measuring/result.hpp"
#include "subjects/subject.hpp"

#include <sys/resource.h>

#include <cstdio>
#include <exception>
#include <numeric>
#include <thread>

namespace {

constexpr std::uint64_t burst_calls = 100;
constexpr std::uint64_t burst_ns = 100'000;
/// Many times what is ever queued at the pace of the measurement.
constexpr std::uint64_t warm_up_calls = 200'000;

void log_at_a_pace(bench::subject& subject, std::uint64_t first, std::uint64_t calls) {
  const std::uint64_t interval = bench::ticks_of_nanoseconds(burst_ns);
  for (std::uint64_t done = 0; done < calls; done += burst_calls) {
    const std::uint64_t begin = bench::end_ticks();
    subject.log_lines(first + done, burst_calls);
    const std::uint64_t took = bench::end_ticks() - begin;
    if (took < interval) bench::spin_for(interval - took);
  }
}

long page_faults_of_this_thread() {
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_minflt + usage.ru_majflt;
}

struct counted {
  bench::thread_events events;
  long page_faults = 0;
  std::exception_ptr system_calls_not_counted, failed;
};

counted measure(bench::subject& subject, std::uint64_t calls, bench::system_calls& watch) try {
  bench::pin(bench::role::producer);
  subject.log_lines(0, warm_up_calls);
  log_at_a_pace(subject, warm_up_calls, calls / 10);
  counted during;
  try {
    watch.watch_this_thread();
  } catch (...) {
    during.system_calls_not_counted = std::current_exception();
  }
  const long faults_before = page_faults_of_this_thread();
  const bench::thread_events before = bench::events_of_this_thread;
  watch.begin_counting();
  log_at_a_pace(subject, warm_up_calls + calls / 10, calls);
  watch.end_counting();
  during.events.allocations = bench::events_of_this_thread.allocations - before.allocations;
  during.events.locks = bench::events_of_this_thread.locks - before.locks;
  during.page_faults = page_faults_of_this_thread() - faults_before;
  return during;
} catch (...) {
  counted nothing;
  nothing.failed = std::current_exception();
  return nothing;
}

void run(const bench::options& options) {
  const std::string& name = options.text("--subject");
  const std::string& path = options.text("--file");
  std::remove(path.c_str());
  const auto subject = bench::open_subject(name, path);
  bench::pin(bench::role::backend); // where the system calls are counted, out of the measured thread's way
  counted during;
  bench::system_calls watch;
  std::thread producer([&] { during = measure(*subject, options.number("--calls"), watch); });
  producer.join();
  if (during.failed) std::rethrow_exception(during.failed);
  subject->finish();
  std::remove(path.c_str());

  const auto print = [&](std::string_view metric, auto value) {
    bench::print({"steady_state", "int_int_double", name, metric, "count", static_cast<double>(value)});
  };
  print("allocations", during.events.allocations);
  print("locks", during.events.locks);
  print("page_faults", during.page_faults);
  if (during.system_calls_not_counted) {
    try {
      std::rethrow_exception(during.system_calls_not_counted);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "steady_state: system calls cannot be counted here: %s\n", error.what());
    }
    return;
  }
  const auto& counts = watch.counts();
  print("system_calls", std::accumulate(counts.begin(), counts.end(), std::uint64_t{0},
                                        [](auto sum, auto& each) { return sum + each.second; }));
  for (const auto& [number, times] : counts)
    std::fprintf(stderr, "steady_state: %s: system call number %d: %lu times\n", name.c_str(), number, times);
}

} // namespace

int main(int count, char** words) {
  try {
    run({count, words, {{"--subject", "weir"}, {"--calls", "1000000"}, {"--file", "steady_state.log"}}});
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "steady_state: %s\n", error.what());
    return 1;
  }
}
