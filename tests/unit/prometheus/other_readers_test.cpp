// What others make of the page with every metric of the catalogue: promtool of the text format, and the OpenMetrics
// project's parser, which is written in Python, of the other one.
#include "weir/prometheus/exposition.hpp"

#include "weir/metrics.hpp"
#include "weir/process_metrics.hpp"

#include <catch2/catch.hpp>

#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/summary.h>

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace {

struct verdict {
  int exit_code = -1;
  std::string output;
};

// Puts the page where only this test finds it and lets the program read it.
verdict judged_by(const std::string& program, std::string_view page) {
  std::string path = (std::filesystem::temp_directory_path() / "weir-page-XXXXXX").string();
  const int file = ::mkstemp(path.data());
  REQUIRE(file >= 0);
  const bool written = ::write(file, page.data(), page.size()) == static_cast<ssize_t>(page.size());
  ::close(file);
  REQUIRE(written);

  verdict result;
  std::FILE* pipe = ::popen((program + " <'" + path + "' 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::array<char, 4096> buffer;
  for (std::size_t n; (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    result.output.append(buffer.data(), n);
  const int status = ::pclose(pipe);
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  std::filesystem::remove(path);
  return result;
}

verdict promtool(std::string_view page) { return judged_by("promtool check metrics", page); }

// By the Python that Debian's packages are for.
verdict reference_parser(std::string_view page) {
  return judged_by("/usr/bin/python3 -c 'from prometheus_client.openmetrics import parser; import sys; "
                   "list(parser.text_string_to_metric_families(sys.stdin.read()))'",
                   page);
}

template <class Description>
void give_samples(weir::metrics_registry& registry, const Description& description) {
  auto& family = registry.add(description);
  for (const std::string_view value : {"GET", "a \"quoted\" \\ value\nof two lines", ""}) {
    auto& series = family.with(std::vector<std::string_view>(description.labels.size(), value));
    if constexpr (requires { series.observe(1.0); }) {
      for (const double bound : description.bounds) series.observe(bound);
      series.observe(1e12);
    } else {
      series.add(3);
    }
  }
}

// The shell's own lookup: the tool may be anywhere on the path.
bool is_there(const std::string& command, const char* what) {
  if (std::system((command + " >/dev/null 2>&1").c_str()) == 0) return true;
  WARN(what << " is not installed: the page was not checked");
  return false;
}
bool has_promtool() { return is_there("command -v promtool", "promtool"); }

TEST_CASE("promtool: has nothing to say about a page with every metric of the catalogue", "[prometheus][promtool]") {
  if (!has_promtool()) return;
  weir::metrics_registry registry;
  weir::metric_names::for_each([&](const auto& description) { give_samples(registry, description); });
  const std::string page = weir::render_prometheus_text(registry);
  weir::metric_names::for_each([&](const auto& description) {
    CHECK(page.find("# TYPE " + std::string(description.name) + " ") < page.size());
  });

  const verdict good = promtool(page);
  INFO(page);
  CHECK(good.output.empty());
  CHECK(good.exit_code == 0);

  // Only a tool that does complain proves something by its silence.
  CHECK(promtool("# HELP a A.\n# TYPE a counter\na 1\n").exit_code != 0);
}

TEST_CASE("reference parser: takes the page with every metric of the catalogue", "[prometheus][openmetrics]") {
  if (!is_there("/usr/bin/python3 -c 'import prometheus_client.openmetrics.parser'", "python3-prometheus-client"))
    return;
  weir::metrics_registry registry;
  weir::metric_names::for_each([&](const auto& description) { give_samples(registry, description); });
  static constexpr std::array bounds{-1.0, 1.0};
  auto& temperatures = registry.add(weir::histogram_description{"own_temperature_celsius", "T.", {}, bounds}).with();
  temperatures.observe(-20, {.trace_id_high = 1, .trace_id_low = 2, .span_id = 3});
  const std::string page = weir::render_openmetrics(registry);
  INFO(page);
  const verdict good = reference_parser(page);
  CHECK(good.output.empty());
  CHECK(good.exit_code == 0);
  CHECK(reference_parser("# TYPE a counter\na_total -1\n# EOF\n").exit_code != 0);
}

TEST_CASE("promtool: nor about one with the process and a registry of prometheus-cpp's", "[prometheus][promtool]") {
  if (!has_promtool()) return;
  weir::metrics_registry registry;
  const auto held = weir::register_process_metrics(registry);
  prometheus::Registry own;
  prometheus::BuildSummary()
      .Name("job_seconds")
      .Help("Jobs.")
      .Register(own)
      .Add({{"queue", "a\\\"\n\xff"}}, prometheus::Summary::Quantiles{{0.5, 0.05}, {0.99, 0.001}})
      .Observe(3);
  prometheus::BuildHistogram()
      .Name("job_size_bytes")
      .Help("Sizes.")
      .Register(own)
      .Add({}, prometheus::Histogram::BucketBoundaries{1, 1e6})
      .Observe(7);
  const std::string page = weir::make_scrape_response(registry, weir::scrape_request{}, {&own}).body;
  const verdict good = promtool(page);
  INFO(page);
  CHECK(page.find("\njob_seconds_count{") < page.size());
  CHECK(page.find("\njob_size_bytes_bucket{le=\"1e+06\"} 1\n") < page.size());
  CHECK(good.output.empty());
  CHECK(good.exit_code == 0);
}

} // namespace
