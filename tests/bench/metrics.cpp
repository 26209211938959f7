// What counting costs the thread that counts, alone and while another does the same.
//
//   metrics --subject weir|prometheus_cpp|locked_add --shape counter|counter_2threads|observe|observe_2threads|
//           labelled_lookup|observe_traced
#include "measuring/batches.hpp"
#include "measuring/call_timing.hpp"
#include "measuring/cores.hpp"
#include "measuring/options.hpp"
#include "measuring/result.hpp"
#include "measuring/ticks.hpp"

#include <weir/metrics.hpp>

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using names = weir::metric_names;

/// The durations of requests, a thousand different ones from 0.1 ms to 0.2 s: most in the lowest buckets.
class durations {
 public:
  durations() {
    std::uint64_t random = 1;
    for (double& each : seconds_) {
      random = random * 6364136223846793005U + 1442695040888963407U; // Knuth's MMIX generator
      const double share = static_cast<double>(random >> 40) / (1 << 24);
      each = 0.0001 + 0.2 * share * share * share * share;
    }
  }
  double next() noexcept { return seconds_[at_++ % seconds_.size()]; }

 private:
  std::array<double, 1024> seconds_{};
  std::size_t at_ = 0;
};

/// Times `make_call()()`; `two_threads`: while a thread on the other core does the same without a pause.
template <class MakeCall>
double time_call(bool two_threads, MakeCall make_call) {
  constexpr std::uint64_t calls = 1000;
  constexpr double measured_ns = 300e6; // so long that the other thread runs, too, where the kernel has to be asked
  std::atomic<std::uint64_t> other_rounds{0};
  std::jthread other;
  if (two_threads) {
    bench::pin(bench::role::backend); // the new thread's core
    other = std::jthread([&](const std::stop_token& over) {
      auto call = make_call();
      while (!over.stop_requested()) {
        for (std::uint64_t i = 0; i < calls; ++i) call();
        // relaxed, here and below: only a number.
        other_rounds.fetch_add(1, std::memory_order_relaxed);
      }
    });
  }
  bench::pin(bench::role::producer);
  while (two_threads && other_rounds.load(std::memory_order_relaxed) == 0) std::this_thread::yield();
  auto call = make_call();
  const double about = bench::ns_per_call(10, calls, call);
  const std::uint64_t before = other_rounds.load(std::memory_order_relaxed);
  const auto batches = static_cast<std::uint64_t>(measured_ns / (about * calls)) + 1;
  const double taken = bench::ns_per_call(batches, calls, call);
  if (two_threads && other_rounds.load(std::memory_order_relaxed) - before < batches / 2)
    std::fprintf(stderr, "metrics: the other thread had its core for less than half of the time\n");
  return taken;
}

template <class Counter, class Add>
double time_counter(bool two_threads, Counter& events, Add add) {
  return time_call(two_threads, [&] { return [&] { add(events); }; });
}

template <class Histogram, class Observe>
double time_observe(bool two_threads, Histogram& seconds, Observe observe) {
  return time_call(two_threads,
                   [&] { return [&, source = durations()]() mutable { observe(seconds, source.next()); }; });
}

// ---- lookups: sixteen series of the six labels that requests have, named by what a server has at hand

struct request_labels {
  std::string method, scheme, route, status, error, version;
};

std::vector<request_labels> sixteen_requests() {
  std::vector<request_labels> all;
  for (const char* method : {"GET", "POST"})
    for (const char* route : {"/download/{file}", "/hello", "/api/v1/users/{id}", "/slow"})
      for (const char* status : {"200", "404"}) all.push_back({method, "http", route, status, "", "1.1"});
  return all;
}

double time_lookup_in_weir() {
  weir::metrics_registry registry;
  auto& family = registry.add(names::http_server_request_duration);
  const auto all = sixteen_requests();
  std::size_t at = 0;
  return time_call(false, [&] {
    return [&] {
      const request_labels& of = all[at++ % all.size()];
      const std::array<std::string_view, 6> values{of.method, of.scheme, of.route, of.status, of.error, of.version};
      bench::keep(&family.with(values));
    };
  });
}

const prometheus::Histogram::BucketBoundaries& boundaries() {
  static const prometheus::Histogram::BucketBoundaries all(names::request_seconds.begin(),
                                                           names::request_seconds.end());
  return all;
}

double time_lookup_in_prometheus_cpp() {
  prometheus::Registry registry;
  auto& family = prometheus::BuildHistogram().Name("a_seconds").Help("A.").Register(registry);
  const auto all = sixteen_requests();
  std::size_t at = 0;
  return time_call(false, [&] {
    return [&] {
      const request_labels& of = all[at++ % all.size()];
      bench::keep(&family.Add({{"http_request_method", of.method},
                               {"url_scheme", of.scheme},
                               {"http_route", of.route},
                               {"http_response_status_code", of.status},
                               {"error_type", of.error},
                               {"network_protocol_version", of.version}},
                              boundaries()));
    };
  });
}

// ---- subjects

double time_weir(std::string_view shape, bool two_threads) {
  if (shape == "labelled_lookup") return time_lookup_in_weir();
  if (shape.starts_with("counter")) {
    weir::counter events;
    return time_counter(two_threads, events, [](weir::counter& each) { each.add(); });
  }
  weir::histogram seconds(names::request_seconds);
  if (shape == "observe_traced") {
    const weir::correlation ids{.trace_id_high = 1, .trace_id_low = 2, .span_id = 3};
    return time_observe(two_threads, seconds, [&](weir::histogram& each, double value) { each.observe(value, ids); });
  }
  return time_observe(two_threads, seconds, [](weir::histogram& each, double value) { each.observe(value); });
}

double time_prometheus_cpp(std::string_view shape, bool two_threads) {
  if (shape == "labelled_lookup") return time_lookup_in_prometheus_cpp();
  if (shape.starts_with("counter")) {
    prometheus::Counter events;
    return time_counter(two_threads, events, [](prometheus::Counter& each) { each.Increment(); });
  }
  if (shape == "observe_traced") throw std::invalid_argument("prometheus_cpp has no shape 'observe_traced'");
  prometheus::Histogram seconds(boundaries());
  return time_observe(two_threads, seconds, [](prometheus::Histogram& each, double value) { each.Observe(value); });
}

/// What the same would cost with one word for all threads.
double time_locked_add(std::string_view shape, bool two_threads) {
  if (!shape.starts_with("counter"))
    throw std::invalid_argument("locked_add has no shape '" + std::string(shape) + "'");
  std::atomic<std::uint64_t> events{0};
  // relaxed: only the number counts.
  return time_counter(two_threads, events,
                      [](std::atomic<std::uint64_t>& each) { each.fetch_add(1, std::memory_order_relaxed); });
}

void run(const std::string& subject, const std::string& shape) {
  constexpr std::array<std::string_view, 6> shapes{"counter",          "counter_2threads", "observe",
                                                   "observe_2threads", "labelled_lookup",  "observe_traced"};
  if (std::ranges::find(shapes, shape) == shapes.end())
    throw std::invalid_argument("there is no shape '" + shape + "'");
  bench::nanoseconds_per_tick();
  const bool two_threads = shape.ends_with("_2threads");
  double taken = 0;
  if (subject == "weir") {
    taken = time_weir(shape, two_threads);
  } else if (subject == "prometheus_cpp") {
    taken = time_prometheus_cpp(shape, two_threads);
  } else if (subject == "locked_add") {
    taken = time_locked_add(shape, two_threads);
  } else {
    throw std::invalid_argument("there is no subject '" + subject + "'");
  }
  bench::print({"metrics", shape, subject, "ns_per_op", "ns", taken});
}

} // namespace

int main(int count, char** words) {
  try {
    const bench::options given(count, words, {{"--subject", "weir"}, {"--shape", "counter"}});
    run(given.text("--subject"), given.text("--shape"));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "metrics: %s\n", error.what());
    return 1;
  }
}
