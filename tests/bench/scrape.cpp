// What a scrape of a thousand histograms, 17 000 lines, costs: who makes it, and who observes meanwhile.
//
//   scrape --shape page|meanwhile --subject weir|weir_openmetrics|weir_gzip|weir_collectable|prometheus_cpp
//          --times 50
#include "measuring/batches.hpp"
#include "measuring/call_timing.hpp"
#include "measuring/cores.hpp"
#include "measuring/options.hpp"
#include "measuring/percentile.hpp"
#include "measuring/result.hpp"
#include "measuring/run_meter.hpp"
#include "measuring/ticks.hpp"

#include <weir/metrics.hpp>
#include <weir/prometheus.hpp>

#include <prometheus/family.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace {

constexpr std::size_t series = 1000, expected_lines = 17'000;
using names = weir::metric_names;

std::string route_of(std::size_t i) { return "/api/v1/route" + std::to_string(i) + "/{id}"; }

/// The values of the i-th series: they reach all buckets, and counts of different lengths.
template <class Observe>
void fill(std::size_t i, Observe observe) {
  for (const double bound : names::request_seconds)
    for (std::size_t n = 0; n <= i % 50; ++n) observe(bound * 0.9);
}

/// A registry with its thousand histograms, and what a request does with it: find its series and observe.
struct subject {
  std::function<std::string()> scrape;
  std::function<void(double)> observe;
};

subject make_weir(std::string_view accept, std::string_view accept_encoding) {
  weir::metrics_registry& registry = weir::default_metrics();
  auto& family = registry.add(names::http_server_request_duration);
  for (std::size_t i = 0; i < series; ++i) {
    weir::histogram& each = family.with({"GET", "http", route_of(i), "200", "", "1.1"});
    fill(i, [&](double value) { each.observe(value, {.trace_id_high = i, .trace_id_low = 1, .span_id = 1}); });
  }
  return {.scrape =
              [accept, accept_encoding] {
                return weir::make_scrape_response(weir::default_metrics(),
                                                  {.accept = accept, .accept_encoding = accept_encoding})
                    .body;
              },
          .observe =
              [&family, route = route_of(series / 2)](double value) {
                family.with({"GET", "http", route, "200", "", "1.1"}).observe(value);
              }};
}

std::string serialize(const prometheus::Collectable& what) {
  return prometheus::TextSerializer().Serialize(what.Collect());
}

subject make_collectable() {
  subject made = make_weir("", "");
  made.scrape = [] { return serialize(weir::prometheus_collectable(weir::default_metrics())); };
  return made;
}

subject make_prometheus_cpp() {
  static prometheus::Registry registry;
  auto& family = prometheus::BuildHistogram()
                     .Name(std::string(names::http_server_request_duration.name))
                     .Help(std::string(names::http_server_request_duration.help))
                     .Register(registry);
  static const prometheus::Histogram::BucketBoundaries bounds(names::request_seconds.begin(),
                                                              names::request_seconds.end());
  const auto find = [&family](const std::string& route) -> prometheus::Histogram& {
    return family.Add({{"http_request_method", "GET"},
                       {"url_scheme", "http"},
                       {"http_route", route},
                       {"http_response_status_code", "200"},
                       {"network_protocol_version", "1.1"}},
                      bounds);
  };
  for (std::size_t i = 0; i < series; ++i) {
    prometheus::Histogram& each = find(route_of(i));
    fill(i, [&](double value) { each.Observe(value); });
  }
  return {.scrape = [] { return serialize(registry); },
          .observe = [find, route = route_of(series / 2)](double value) { find(route).Observe(value); }};
}

subject make_subject(const std::string& name) {
  constexpr std::string_view openmetrics = "application/openmetrics-text";
  if (name == "weir") return make_weir("", "");
  if (name == "weir_openmetrics") return make_weir(openmetrics, "");
  if (name == "weir_gzip") return make_weir(openmetrics, "gzip");
  if (name == "weir_collectable") return make_collectable();
  if (name == "prometheus_cpp") return make_prometheus_cpp();
  throw std::invalid_argument("there is no subject '" + name + "'");
}

void check(const std::string& page) {
  const auto lines = static_cast<std::size_t>(std::count(page.begin(), page.end(), '\n'));
  if (lines < expected_lines || lines > expected_lines + 20)
    throw std::runtime_error("the page has " + std::to_string(lines) + " lines");
}

void time_page(const subject& of, const std::string& name, std::uint64_t times) {
  bench::pin(bench::role::producer);
  bench::run_meter memory;
  const std::string page = of.scrape();
  memory.stop();
  if (name != "weir_gzip") check(page);
  const double taken = bench::ns_per_call(times, 1, [&] { bench::keep(of.scrape()); });
  bench::print({"scrape", "page", name, "ms", "ms", taken / 1e6});
  bench::print({"scrape", "page", name, "page_bytes", "bytes", static_cast<double>(page.size())});
  bench::print({"scrape", "page", name, "peak_bytes", "bytes", static_cast<double>(memory.peak_bytes())});
}

/// Of single observations, with the look-up, while the other core makes pages without a pause.
void time_meanwhile(const subject& of, const std::string& name, std::uint64_t times) {
  std::atomic<std::uint64_t> pages{0};
  bench::pin(bench::role::backend); // the new thread's core
  std::jthread other([&](const std::stop_token& over) {
    while (!over.stop_requested()) {
      bench::keep(of.scrape());
      // relaxed: only a number.
      pages.fetch_add(1, std::memory_order_relaxed);
    }
  });
  bench::pin(bench::role::producer);
  std::vector<std::uint64_t> taken;
  // relaxed: as above.
  while (pages.load(std::memory_order_relaxed) < times) {
    const std::uint64_t begin = bench::begin_ticks();
    of.observe(0.01);
    taken.push_back(bench::end_ticks() - begin);
    bench::spin_for(bench::ticks_of_nanoseconds(500)); // as a server that does something else in between
  }
  other.request_stop();
  other.join();
  std::ranges::sort(taken);
  const std::uint64_t step = bench::clock_step(taken);
  for (const auto& [metric, share] : {std::pair("p50", 0.5), std::pair("p99", 0.99), std::pair("p999", 0.999)})
    bench::print({"scrape", "meanwhile", name, metric, "ns",
                  bench::grouped_percentile(taken, share, step) * bench::nanoseconds_per_tick()});
}

void run(const std::string& shape, const std::string& name, std::uint64_t times) {
  bench::nanoseconds_per_tick();
  const subject of = make_subject(name);
  if (shape == "page") return time_page(of, name, times);
  if (shape == "meanwhile") return time_meanwhile(of, name, times);
  throw std::invalid_argument("there is no shape '" + shape + "'");
}

} // namespace

int main(int count, char** words) {
  try {
    const bench::options given(count, words, {{"--shape", "page"}, {"--subject", "weir"}, {"--times", "50"}});
    run(given.text("--shape"), given.text("--subject"), given.number("--times"));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "scrape: %s\n", error.what());
    return 1;
  }
}
