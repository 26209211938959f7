// The bridge to prometheus-cpp: what its Exposer serves is what the registry holds.
#include "weir/prometheus/collectable.hpp"

#include "weir/metrics.hpp"

#include <catch2/catch.hpp>
#include <prometheus/counter.h>
#include <prometheus/exposer.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

namespace {

std::string get(int port, std::string_view path) {
  const int client = ::socket(AF_INET, SOCK_STREAM, 0);
  REQUIRE(client >= 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    const std::string request =
        "GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    if (::send(client, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size())) {
      std::array<char, 4096> buffer;
      for (ssize_t n; (n = ::recv(client, buffer.data(), buffer.size(), 0)) > 0;)
        answer.append(buffer.data(), static_cast<std::size_t>(n));
    }
  }
  ::close(client);
  return answer;
}

constexpr std::array bounds{.005, .25};

void fill(weir::metrics_registry& registry) {
  registry.add(weir::counter_description{"jobs_total", "Jobs.", {"queue", "result"}}).with({"mail", "done"}).add(3);
  registry.add(weir::counter_description{"jobs_total", "Jobs.", {"queue", "result"}}).with({"mail", ""}).add(4);
  registry.add(weir::gauge_description{"active", "Active."}).with().set(2.5);
  auto& seconds = registry.add(weir::histogram_description{"job_seconds", "Job time.", {"queue"}, bounds});
  seconds.with({"mail"}).observe(.125);
  seconds.with({"mail"}).observe(4);
}

TEST_CASE("collectable: has every family that has a series, with its labels", "[prometheus][collectable]") {
  weir::metrics_registry registry;
  fill(registry);
  registry.add(weir::counter_description{"never_total", "No series."});
  const auto families = weir::prometheus_collectable(registry).Collect();
  REQUIRE(families.size() == 3);

  CHECK(families[0].name == "active");
  CHECK(families[0].type == ::prometheus::MetricType::Gauge);
  CHECK(families[0].metric.at(0).gauge.value == 2.5);

  CHECK(families[1].name == "job_seconds");
  CHECK(families[1].help == "Job time.");
  CHECK(families[1].type == ::prometheus::MetricType::Histogram);
  const auto& histogram = families[1].metric.at(0).histogram;
  CHECK(histogram.sample_count == 2);
  CHECK(histogram.sample_sum == 4.125);
  REQUIRE(histogram.bucket.size() == 3);
  CHECK(histogram.bucket[0].cumulative_count == 0);
  CHECK(histogram.bucket[1].cumulative_count == 1);
  CHECK(histogram.bucket[1].upper_bound == .25);
  CHECK(histogram.bucket[2].cumulative_count == 2);
  CHECK(histogram.bucket[2].upper_bound == std::numeric_limits<double>::infinity());

  CHECK(families[2].type == ::prometheus::MetricType::Counter);
  REQUIRE(families[2].metric.size() == 2);
  CHECK(families[2].metric[0].counter.value == 3);
  CHECK(families[2].metric[0].label.size() == 2);
  // An empty label is none.
  REQUIRE(families[2].metric[1].label.size() == 1);
  CHECK(families[2].metric[1].label[0] == ::prometheus::ClientMetric::Label{"queue", "mail"});
}

TEST_CASE("collectable: a help text of several lines stays on its line", "[prometheus][collectable]") {
  weir::metrics_registry registry;
  registry.add(weir::gauge_description{"active", "Active.\nHere."}).with().set(1);
  const auto families = weir::prometheus_collectable(registry).Collect();
  CHECK(::prometheus::TextSerializer().Serialize(families) ==
        "# HELP active Active. Here.\n# TYPE active gauge\nactive 1\n");
}

TEST_CASE("collectable: prometheus-cpp's Exposer serves it beside a registry of its own",
          "[prometheus][collectable]") {
  weir::metrics_registry registry;
  fill(registry);
  const auto ours = std::make_shared<weir::prometheus_collectable>(registry);
  const auto theirs = std::make_shared<::prometheus::Registry>();
  ::prometheus::BuildCounter().Name("theirs_total").Help("Theirs.").Register(*theirs).Add({}).Increment(5);

  ::prometheus::Exposer exposer("127.0.0.1:0", 1);
  exposer.RegisterCollectable(ours);
  exposer.RegisterCollectable(theirs);
  const auto ports = exposer.GetListeningPorts();
  REQUIRE(ports.size() == 1);
  const std::string answer = get(ports.front(), "/metrics");
  INFO(answer);
  CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
  for (const char* line : {
           "# TYPE jobs_total counter\n",
           "jobs_total{queue=\"mail\",result=\"done\"} 3\n",
           "jobs_total{queue=\"mail\"} 4\n",
           "active 2.5\n",
           "job_seconds_bucket{queue=\"mail\",le=\"0.25\"} 1\n",
           "job_seconds_bucket{queue=\"mail\",le=\"+Inf\"} 2\n",
           "job_seconds_count{queue=\"mail\"} 2\n",
           "job_seconds_sum{queue=\"mail\"} 4.125\n",
           "theirs_total 5\n",
       }) {
    CHECK(answer.find(line) != std::string::npos);
  }
  // Each scrape asks anew.
  registry.add(weir::gauge_description{"active", "Active."}).with().set(7);
  CHECK(get(ports.front(), "/metrics").find("active 7\n") != std::string::npos);
}

} // namespace
