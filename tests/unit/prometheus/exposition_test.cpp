// The pages: every byte of both formats, and which one a scrape gets.
#include "weir/prometheus/exposition.hpp"

#include "weir/metrics.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <chrono>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

std::string page_of(double value) {
  weir::metrics_registry registry;
  registry.add(weir::gauge_description{"a", "A."}).with().set(value);
  const std::string page = weir::render_prometheus_text(registry);
  const std::string_view head = "# HELP a A.\n# TYPE a gauge\na ";
  REQUIRE(page.starts_with(head));
  return page.substr(head.size(), page.size() - head.size() - 1);
}

TEST_CASE("exposition: the text format, byte for byte", "[prometheus][exposition]") {
  weir::metrics_registry registry;
  auto& jobs = registry.add(weir::counter_description{"jobs_total", "Jobs.", {"queue", "result"}});
  jobs.with({"mail", "done"}).add(3);
  jobs.with({"mail", ""}).add();
  jobs.with({"", ""}).add(2);
  registry.add(weir::gauge_description{"active", "Active."}).with().set(-1.5);
  constexpr std::array bounds{.005, 1.0, 2.5};
  auto& seconds = registry.add(weir::histogram_description{"job_seconds", "Job time.", {"queue"}, bounds});
  seconds.with({"mail"}).observe(.001);
  seconds.with({"mail"}).observe(2);
  seconds.with({"mail"}).observe(99);
  seconds.with({""}).observe(1);
  registry.add(weir::counter_description{"never_total", "No series."});

  CHECK(weir::render_prometheus_text(registry) == R"(# HELP active Active.
# TYPE active gauge
active -1.5
# HELP job_seconds Job time.
# TYPE job_seconds histogram
job_seconds_bucket{queue="mail",le="0.005"} 1
job_seconds_bucket{queue="mail",le="1.0"} 1
job_seconds_bucket{queue="mail",le="2.5"} 2
job_seconds_bucket{queue="mail",le="+Inf"} 3
job_seconds_sum{queue="mail"} 101.001
job_seconds_count{queue="mail"} 3
job_seconds_bucket{le="0.005"} 0
job_seconds_bucket{le="1.0"} 1
job_seconds_bucket{le="2.5"} 1
job_seconds_bucket{le="+Inf"} 1
job_seconds_sum 1
job_seconds_count 1
# HELP jobs_total Jobs.
# TYPE jobs_total counter
jobs_total{queue="mail",result="done"} 3
jobs_total{queue="mail"} 1
jobs_total 2
)");

  CHECK(weir::render_openmetrics(registry) == R"(# TYPE active gauge
# HELP active Active.
active -1.5
# TYPE job_seconds histogram
# UNIT job_seconds seconds
# HELP job_seconds Job time.
job_seconds_bucket{queue="mail",le="0.005"} 1
job_seconds_bucket{queue="mail",le="1.0"} 1
job_seconds_bucket{queue="mail",le="2.5"} 2
job_seconds_bucket{queue="mail",le="+Inf"} 3
job_seconds_sum{queue="mail"} 101.001
job_seconds_count{queue="mail"} 3
job_seconds_bucket{le="0.005"} 0
job_seconds_bucket{le="1.0"} 1
job_seconds_bucket{le="2.5"} 1
job_seconds_bucket{le="+Inf"} 1
job_seconds_sum 1
job_seconds_count 1
# TYPE jobs counter
# HELP jobs Jobs.
jobs_total{queue="mail",result="done"} 3
jobs_total{queue="mail"} 1
jobs_total 2
# EOF
)");
}

TEST_CASE("exposition: quotes, backslashes and line breaks are escaped", "[prometheus][exposition]") {
  weir::metrics_registry registry;
  registry.add(weir::gauge_description{"a", "Say \"hi\" \\ and\nbreak.", {"x"}}).with({"\"\\\n\xff{}"}).set(1);
  const std::string series = "a{x=\"\\\"\\\\\\n\xef\xbf\xbd{}\"} 1\n";
  CHECK(weir::render_prometheus_text(registry) == "# HELP a Say \"hi\" \\\\ and\\nbreak.\n# TYPE a gauge\n" + series);
  CHECK(weir::render_openmetrics(registry) ==
        "# TYPE a gauge\n# HELP a Say \\\"hi\\\" \\\\ and\\nbreak.\n" + series + "# EOF\n");
}

TEST_CASE("exposition: an empty registry is an empty page", "[prometheus][exposition]") {
  const weir::metrics_registry registry;
  CHECK(weir::render_prometheus_text(registry).empty());
  CHECK(weir::render_openmetrics(registry) == "# EOF\n");
}

TEST_CASE("exposition: numbers are as short as reads back the same", "[prometheus][exposition]") {
  CHECK(page_of(0) == "0");
  CHECK(page_of(1) == "1");
  CHECK(page_of(1'000'000) == "1000000");
  CHECK(page_of(9007199254740991) == "9007199254740991");
  CHECK(page_of(1e300) == "1e+300");
  CHECK(page_of(-3) == "-3");
  CHECK(page_of(0.1) == "0.1");
  CHECK(page_of(1.0 / 3) == "0.3333333333333333");
  CHECK(page_of(1e-7) == "1e-07");
  CHECK(page_of(infinity) == "+Inf");
  CHECK(page_of(-infinity) == "-Inf");
  CHECK(page_of(std::numeric_limits<double>::quiet_NaN()) == "NaN");
}

TEST_CASE("exposition: bounds are OpenMetrics' canonical numbers", "[prometheus][exposition]") {
  const std::vector<std::pair<double, std::string>> rows{
      {-1, "-1.0"},          {0, "0.0"},         {1e-10, "1e-10"}, {1e-09, "1e-09"},
      {1e-05, "1e-05"},      {0.0001, "0.0001"}, {0.001, "0.001"}, {0.002, "0.002"},
      {0.01, "0.01"},        {0.1, "0.1"},       {0.9, "0.9"},     {0.95, "0.95"},
      {0.999, "0.999"},      {1, "1.0"},         {1.7, "1.7"},     {10, "10.0"},
      {100'000, "100000.0"}, {1e6, "1e+06"},     {1e10, "1e+10"},  {1e23, "1e+23"},
      {1.1e23, "1.1e+23"}};
  std::vector<double> bounds;
  for (const auto& row : rows) bounds.push_back(row.first);
  weir::metrics_registry registry;
  registry.add(weir::histogram_description{"a", "A.", {}, bounds}).with().observe(0);
  for (const std::string& page : {weir::render_prometheus_text(registry), weir::render_openmetrics(registry)}) {
    for (const auto& row : rows) {
      INFO(row.second);
      CHECK(page.find("a_bucket{le=\"" + row.second + "\"} ") != std::string::npos);
    }
  }
}

// The sum of such may fall, which no counter may.
TEST_CASE("exposition: a histogram of negative values has no totals in OpenMetrics", "[prometheus][exposition]") {
  constexpr std::array bounds{-1.0, 1.0};
  constexpr std::array from_zero{0.0};
  weir::metrics_registry registry;
  registry.add(weir::histogram_description{"a", "A.", {}, bounds}).with().observe(3);
  auto& others = registry.add(weir::histogram_description{"b", "B.", {"x"}, from_zero});
  others.with({"1"}).observe(-2);
  others.with({"2"}).observe(2);
  const std::string head = "# TYPE a histogram\n# HELP a A.\na_bucket{le=\"-1.0\"} 0\na_bucket{le=\"1.0\"} 0\n"
                           "a_bucket{le=\"+Inf\"} 1\n";
  CHECK(weir::render_openmetrics(registry) ==
        head + "# TYPE b histogram\n# HELP b B.\nb_bucket{x=\"1\",le=\"0.0\"} 1\nb_bucket{x=\"1\",le=\"+Inf\"} 1\n"
               "b_bucket{x=\"2\",le=\"0.0\"} 0\nb_bucket{x=\"2\",le=\"+Inf\"} 1\nb_sum{x=\"2\"} 2\n"
               "b_count{x=\"2\"} 1\n# EOF\n");
  const std::string text = weir::render_prometheus_text(registry);
  CHECK(text.find("\na_sum 3\na_count 1\n") < text.size());
  CHECK(text.find("\nb_sum{x=\"1\"} -2\nb_count{x=\"1\"} 1\n") < text.size());
}

TEST_CASE("exposition: exemplars stand behind their buckets in OpenMetrics, and nowhere else",
          "[prometheus][exposition]") {
  using namespace std::chrono_literals;
  weir::family_snapshot family{.name = "a_seconds",
                               .help = "A.",
                               .type = weir::metric_type::histogram,
                               .label_names = {"x"},
                               .bounds = {.5, 1, 2},
                               .series = {}};
  weir::series_snapshot& series = family.series.emplace_back();
  series.label_values = {"y"};
  series.histogram = {.cumulative = {1, 1, 2, 3}, .sum = 9.25, .exemplars = std::vector<weir::exemplar>(4)};
  const std::chrono::system_clock::time_point at(1'700'000'000s + 7ms + 999us);
  series.histogram.exemplars[0] = {.value = 0.25,
                                   .trace_id_high = 0x4bf92f3577b34da6,
                                   .trace_id_low = 0x00000000000e4736,
                                   .span_id = 0x00f067aa0ba902b7,
                                   .time = at};
  // Without a span, and of a time that is a whole second.
  series.histogram.exemplars[3] = {.value = 7, .trace_id_low = 1, .time = at - 7ms};
  const std::vector families{family};

  const std::string page = weir::render_openmetrics(families);
  CHECK(page == R"(# TYPE a_seconds histogram
# UNIT a_seconds seconds
# HELP a_seconds A.
a_seconds_bucket{x="y",le="0.5"} 1 # {trace_id="4bf92f3577b34da600000000000e4736",span_id="00f067aa0ba902b7"} 0.25 1700000000.007
a_seconds_bucket{x="y",le="1.0"} 1
a_seconds_bucket{x="y",le="2.0"} 2
a_seconds_bucket{x="y",le="+Inf"} 3 # {trace_id="00000000000000000000000000000001"} 7 1700000000.000
a_seconds_sum{x="y"} 9.25
a_seconds_count{x="y"} 3
# EOF
)");
  // "The combined length of the label names and values of an Exemplar's LabelSet MUST NOT exceed 128".
  CHECK(std::string_view("trace_id4bf92f3577b34da600000000000e4736span_id00f067aa0ba902b7").size() <= 128);
  CHECK(weir::render_prometheus_text(families).find(" # ") == std::string::npos);
}

TEST_CASE("exposition: an exemplar that is no number or before 1970 is left out", "[prometheus][exposition]") {
  using namespace std::chrono_literals;
  weir::family_snapshot family{.name = "a",
                               .help = "A.",
                               .type = weir::metric_type::histogram,
                               .label_names = {},
                               .bounds = {1, 2},
                               .series = {}};
  weir::series_snapshot& series = family.series.emplace_back();
  series.histogram = {.cumulative = {1, 2, 3}, .sum = 9, .exemplars = std::vector<weir::exemplar>(3)};
  series.histogram.exemplars[0] = {.value = std::numeric_limits<double>::quiet_NaN(), .trace_id_low = 1};
  series.histogram.exemplars[1] = {
      .value = 1.5, .trace_id_low = 1, .time = std::chrono::system_clock::time_point(-1500ms)};
  series.histogram.exemplars[2] = {.value = 3, .trace_id_low = 1};
  CHECK(weir::render_openmetrics(std::vector{family}) == R"(# TYPE a histogram
# HELP a A.
a_bucket{le="1.0"} 1
a_bucket{le="2.0"} 2
a_bucket{le="+Inf"} 3 # {trace_id="00000000000000000000000000000001"} 3 0.000
a_sum 9
a_count 3
# EOF
)");
}

TEST_CASE("exposition: an observation with a trace becomes an exemplar of the page", "[prometheus][exposition]") {
  weir::metrics_registry registry;
  auto& seconds = registry.add(weir::metric_names::log_write).with();
  seconds.observe(0.05, {.trace_id_high = 1, .trace_id_low = 2, .span_id = 3});
  CHECK(weir::render_openmetrics(registry).find(
            "weir_log_write_seconds_bucket{le=\"0.1\"} 1 # {trace_id=\"00000000000000010000000000000002\","
            "span_id=\"0000000000000003\"} 0.05 1") != std::string::npos);
}

TEST_CASE("exposition: a scrape gets the format that it prefers", "[prometheus][exposition]") {
  const std::string text = "text/plain; version=0.0.4; charset=utf-8";
  const std::string open = "application/openmetrics-text; version=1.0.0; charset=utf-8";
  const std::string old = "application/openmetrics-text; version=0.0.1; charset=utf-8";
  const std::pair<std::string, std::string> rows[] = {
      {"", text},
      {"*/*", text},
      {"text/html,application/xhtml+xml,*/*;q=0.8", text},
      {"text/plain", text},
      {"application/json", text},
      {"application/openmetrics-text", open},
      {"Application/OpenMetrics-Text ; Version=\"1.0.0\"", open},
      // What Prometheus 2.42 and 2.5 send.
      {"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
       "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
       open},
      {"application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", old},
      {"application/openmetrics-text;version=2.0.0,text/plain;q=0.1", text},
      {"application/openmetrics-text;q=0.4,text/plain;version=0.0.4;q=0.5", text},
      {"application/openmetrics-text;q=0.5,text/plain;version=0.0.4;q=0.5", open},
      // What is named has its own weight, not that of all.
      {"application/openmetrics-text;q=0.1,*/*;q=0.9", text},
      {"application/openmetrics-text;q=0.1,text/*;q=0.9", text},
      {"application/openmetrics-text;q=0.5,text/plain;q=0.1,*/*;q=0.9", open},
      {"application/openmetrics-text;q=0,*/*", text},
      {"application/openmetrics-text;q=0", text},
      {"application/openmetrics-text;q=0.000,text/plain;q=0", text},
      {"application/openmetrics-text;q=nonsense", text},
      {"application/openmetrics-text;q=1.0000", text},
      {",,;;q=,=;", text},
      {std::string("\0\xff;q", 4), text},
      {std::string(100'000, ','), text},
      {"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited", text},
  };
  const weir::metrics_registry registry;
  for (const auto& [accept, type] : rows) {
    INFO(accept);
    const auto response = weir::make_scrape_response(registry, accept);
    CHECK(response.content_type == type);
    CHECK(response.body == (type == text ? "" : "# EOF\n"));
  }
}

} // namespace
