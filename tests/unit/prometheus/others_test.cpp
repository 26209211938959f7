// What prometheus-cpp collects, on weir's page: every type in both formats, and what would spoil the page left out.
#include "weir/metrics.hpp"
#include "weir/prometheus/collectable.hpp"
#include "weir/prometheus/exposition.hpp"

#include <catch2/catch.hpp>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/summary.h>

#include <array>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

/// Gives what it was given.
struct canned final : prometheus::Collectable {
  std::vector<MetricFamily> families;

  explicit canned(std::vector<MetricFamily> all) : families(std::move(all)) {}
  std::vector<MetricFamily> Collect() const override { return families; }
};

struct throwing final : prometheus::Collectable {
  std::vector<MetricFamily> Collect() const override { throw std::runtime_error("not today"); }
};

MetricFamily gauge(std::string name, double value, std::vector<prometheus::ClientMetric::Label> labels = {}) {
  prometheus::ClientMetric metric;
  metric.label = std::move(labels);
  metric.gauge.value = value;
  return {std::move(name), "G.", MetricType::Gauge, {std::move(metric)}};
}

std::string text_of(const weir::metrics_registry& registry,
                    const std::vector<const prometheus::Collectable*>& others) {
  return weir::make_scrape_response(registry, weir::scrape_request{}, others).body;
}

std::string openmetrics_of(const weir::metrics_registry& registry,
                           const std::vector<const prometheus::Collectable*>& others) {
  return weir::make_scrape_response(registry, {.accept = "application/openmetrics-text"}, others).body;
}

TEST_CASE("others: a program's own registry follows weir's families", "[prometheus][others]") {
  weir::metrics_registry registry;
  registry.add(weir::gauge_description{"z", "Z."}).with().set(1);
  prometheus::Registry own;
  prometheus::BuildCounter().Name("jobs_total").Help("Jobs.").Register(own).Add({{"queue", "mail"}}).Increment(3);
  prometheus::BuildGauge().Name("depth").Help("Depth.").Register(own).Add({}).Set(-1.5);
  prometheus::BuildHistogram()
      .Name("job_seconds")
      .Help("Job \"time\".")
      .Register(own)
      .Add({{"queue", "a\"b"}}, prometheus::Histogram::BucketBoundaries{0.5, 1})
      .Observe(0.75);
  CHECK(text_of(registry, {&own}) == R"(# HELP z Z.
# TYPE z gauge
z 1
# HELP jobs_total Jobs.
# TYPE jobs_total counter
jobs_total{queue="mail"} 3
# HELP depth Depth.
# TYPE depth gauge
depth -1.5
# HELP job_seconds Job "time".
# TYPE job_seconds histogram
job_seconds_bucket{queue="a\"b",le="0.5"} 0
job_seconds_bucket{queue="a\"b",le="1.0"} 1
job_seconds_bucket{queue="a\"b",le="+Inf"} 1
job_seconds_sum{queue="a\"b"} 0.75
job_seconds_count{queue="a\"b"} 1
)");
  CHECK(openmetrics_of(registry, {&own}) == R"(# TYPE z gauge
# HELP z Z.
z 1
# TYPE jobs counter
# HELP jobs Jobs.
jobs_total{queue="mail"} 3
# TYPE depth gauge
# HELP depth Depth.
depth -1.5
# TYPE job_seconds histogram
# UNIT job_seconds seconds
# HELP job_seconds Job \"time\".
job_seconds_bucket{queue="a\"b",le="0.5"} 0
job_seconds_bucket{queue="a\"b",le="1.0"} 1
job_seconds_bucket{queue="a\"b",le="+Inf"} 1
job_seconds_sum{queue="a\"b"} 0.75
job_seconds_count{queue="a\"b"} 1
# EOF
)");
}

TEST_CASE("others: summaries, untyped values, counters without _total, times", "[prometheus][others]") {
  const weir::metrics_registry registry;
  prometheus::ClientMetric summary;
  summary.summary = {4, 2.5, {{0.5, 0.25}, {1, 2}}};
  prometheus::ClientMetric plain;
  plain.untyped.value = 7;
  plain.timestamp_ms = 1'500'000'000'250;
  prometheus::ClientMetric counted;
  counted.counter.value = 2;
  const canned other({{"s", "S.", MetricType::Summary, {summary}},
                      {"u", "U.", MetricType::Untyped, {plain}},
                      {"c", "C.", MetricType::Counter, {counted}},
                      {"nothing", "N.", MetricType::Gauge, {}}});
  CHECK(text_of(registry, {&other}) == R"(# HELP s S.
# TYPE s summary
s{quantile="0.5"} 0.25
s{quantile="1.0"} 2
s_sum 2.5
s_count 4
# HELP u U.
# TYPE u untyped
u 7 1500000000250
# HELP c C.
# TYPE c counter
c 2
)");
  CHECK(openmetrics_of(registry, {&other}) == R"(# TYPE s summary
# HELP s S.
s{quantile="0.5"} 0.25
s{quantile="1.0"} 2
s_sum 2.5
s_count 4
# TYPE u unknown
# HELP u U.
u 7 1500000000.25
# TYPE c unknown
# HELP c C.
c 2
# EOF
)");
}

TEST_CASE("others: what would spoil the page is left out, and the rest is there", "[prometheus][others]") {
  weir::metrics_registry registry;
  registry.add(weir::gauge_description{"mine", "M."}).with().set(1);
  registry.add(weir::gauge_description{"b", "Without a series."});
  const throwing unwilling;
  const canned first({gauge("mine", 2),
                      gauge("", 3),
                      gauge("9lives", 4),
                      gauge("dash-ed", 5),
                      gauge("a", 6, {{"bad label", "x"}}),
                      gauge("twice", 6, {{"x", "1"}, {"x", "2"}}),
                      gauge("a", 6, {{"__name__", "b"}}),
                      gauge("a", 6, {{"__x", "y"}}),
                      {"a", "Without a series.", MetricType::Gauge, {}},
                      gauge("a", 7, {{"x", "\xff\n"}})});
  const canned second({gauge("a", 8), gauge("b", 9)});
  const std::string page = text_of(registry, {&unwilling, &first, &second});
  CHECK(page == "# HELP mine M.\n# TYPE mine gauge\nmine 1\n"
                "# HELP a G.\n# TYPE a gauge\na{x=\"\xef\xbf\xbd\\n\"} 7\n"
                "# HELP b G.\n# TYPE b gauge\nb 9\n");
}

TEST_CASE("others: names of samples that are taken are as good as names of families", "[prometheus][others]") {
  weir::metrics_registry registry;
  static constexpr std::array bounds{1.0};
  registry.add(weir::histogram_description{"h", "H.", {}, bounds}).with().observe(1);
  registry.add(weir::counter_description{"c_total", "C."}).with().add(3);
  registry.add(weir::gauge_description{"z", "Z."}).with().set(1);
  prometheus::ClientMetric one;
  const canned other({gauge("h_count", 1),
                      gauge("h_sum", 2),
                      gauge("h_bucket", 3),
                      gauge("c", 4),
                      {"z_total", "Z.", MetricType::Counter, {one}},
                      {"s", "S.", MetricType::Summary, {one}},
                      gauge("s_count", 5),
                      gauge("k", 6),
                      {"k_total", "K.", MetricType::Counter, {one}},
                      gauge("h_max", 7)});
  const std::string own = weir::render_prometheus_text(registry);
  CHECK(text_of(registry, {&other}) == own + "# HELP s S.\n# TYPE s summary\ns_sum 0\ns_count 0\n"
                                             "# HELP k G.\n# TYPE k gauge\nk 6\n"
                                             "# HELP h_max G.\n# TYPE h_max gauge\nh_max 7\n");
}

TEST_CASE("others: what only OpenMetrics has no room for is left out there alone", "[prometheus][others]") {
  weir::metrics_registry registry;
  registry.add(weir::counter_description{"own_total", "O."}).with().add();
  const std::string own = weir::render_prometheus_text(registry);
  std::string own_openmetrics = weir::render_openmetrics(registry);
  own_openmetrics.resize(own_openmetrics.find("# EOF"));
  const prometheus::ClientMetric one;
  prometheus::ClientMetric negative;
  negative.histogram = {2, -3, {{1, -1}, {2, 1}}};
  const canned other({{"a_total", "A.", MetricType::Counter, {one}},
                      gauge("a_created", 1),
                      gauge("own_created", 2),
                      {"_total", "T.", MetricType::Counter, {one}},
                      {"h", "H.", MetricType::Histogram, {negative}}});
  CHECK(text_of(registry, {&other}) == own +
                                           "# HELP a_total A.\n# TYPE a_total counter\na_total 0\n"
                                           "# HELP a_created G.\n# TYPE a_created gauge\na_created 1\n"
                                           "# HELP own_created G.\n# TYPE own_created gauge\nown_created 2\n"
                                           "# HELP _total T.\n# TYPE _total counter\n_total 0\n"
                                           "# HELP h H.\n# TYPE h histogram\nh_bucket{le=\"-1.0\"} 1\n"
                                           "h_bucket{le=\"1.0\"} 2\nh_bucket{le=\"+Inf\"} 2\nh_sum -3\nh_count 2\n");
  CHECK(openmetrics_of(registry, {&other}) == own_openmetrics +
                                                  "# TYPE a counter\n# HELP a A.\na_total 0\n"
                                                  "# TYPE _total unknown\n# HELP _total T.\n_total 0\n"
                                                  "# TYPE h histogram\n# HELP h H.\nh_bucket{le=\"-1.0\"} 1\n"
                                                  "h_bucket{le=\"1.0\"} 2\nh_bucket{le=\"+Inf\"} 2\n# EOF\n");
}

TEST_CASE("others: a histogram without a last bucket gets it", "[prometheus][others]") {
  const weir::metrics_registry registry;
  prometheus::ClientMetric metric;
  metric.histogram = {3, 6, {{1, 1.5}}};
  const canned other({{"h", "H.", MetricType::Histogram, {metric}}});
  CHECK(text_of(registry, {&other}) == "# HELP h H.\n# TYPE h histogram\nh_bucket{le=\"1.5\"} 1\n"
                                       "h_bucket{le=\"+Inf\"} 3\nh_sum 6\nh_count 3\n");
}

TEST_CASE("others: weir's own through a collectable are as weir writes them", "[prometheus][others]") {
  const weir::metrics_registry empty;
  weir::metrics_registry registry;
  registry.add(weir::counter_description{"jobs_total", "Jobs.", {"queue"}}).with({"a\"b"}).add(3);
  registry.add(weir::metric_names::log_write).with().observe(0.05);
  const weir::prometheus_collectable through(registry);
  CHECK(text_of(empty, {&through}) == weir::render_prometheus_text(registry));
  CHECK(openmetrics_of(empty, {&through}) == weir::render_openmetrics(registry));
}

} // namespace
