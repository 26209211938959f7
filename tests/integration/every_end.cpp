// Requests that end in every way there is: what their clients know, the access log says and the metrics count is the
// same, exactly.
//
//   every_end REQUESTS [THREADS]
//
// Prints a line for each way: how many there were, how many the log and the metrics have; and fails if any two
// differ.
#include "every_end_ways.hpp"

#include "http/observed.hpp"
#include "weir/beast.hpp"
#include "weir/log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace weir_test;

/// The shares, cut into requests: each thread goes its own way through them.
std::vector<std::size_t> shuffled(const std::vector<way>& ways, std::size_t requests, unsigned seed) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < ways.size(); ++i)
    order.insert(
        order.end(),
        requests * static_cast<std::size_t>(ways[i].share) / 1000 / static_cast<std::size_t>(ways[i].requests) + 1,
        i);
  std::ranges::shuffle(order, std::mt19937(seed));
  return order;
}

std::string or_none(const std::string& member) { return member == "(absent)" ? "" : member; }

/// How many access records there are of each end. `phase` is not among them where it is no label.
std::map<end, std::uint64_t> ends_in(const std::filesystem::path& log) {
  std::map<end, std::uint64_t> counts;
  std::ifstream in(log);
  for (std::string line; std::getline(in, line);) {
    if (json_member(line, "logger") != "access") continue;
    ++counts[{.outcome = json_member(line, "outcome"),
              .error_type = {},
              .status = or_none(json_member(line, "http.response.status_code")),
              .phase = {},
              .logged_type = or_none(json_member(line, "error.type"))}];
  }
  return counts;
}

double value_of(const weir::metrics_registry& registry, std::string_view name) {
  double sum = 0;
  for (const weir::family_snapshot& family : registry.collect())
    for (const weir::series_snapshot& series : family.series)
      if (family.name == name) sum += series.value;
  return sum;
}

int run(std::size_t requests, unsigned threads) {
  const auto ways = all_ways();
  const std::filesystem::path directory =
      std::filesystem::temp_directory_path() / fmt::format("weir-every-end-{}", ::getpid());
  std::filesystem::create_directory(directory);
  const auto log_path = directory / "access.log";
  std::map<std::string_view, std::uint64_t> sent;
  weir::metrics_registry registry;
  {
    weir::log_stream stream({.sinks = {weir::file_sink(log_path.string(), weir::as_json())}});
    weir::observer_options observing{.metrics = &registry, .access_log = &stream.get_logger("access")};
    observing.access.most_protocol_errors = 65'535;
    weir::request_observer observer(observing);
    arrivals handlers(requests + 1000);
    weir::http_server server({.port = 0, .threads = 2, .observer = &observer, .header_timeout = 100ms});
    add_routes(server, handlers);
    std::jthread serving([&] { server.run(); });

    // It holds the one place there is, and is cut off when the server stops.
    raw_client holder(server.port());
    const std::size_t held = handlers.next();
    holder.send(fmt::format("GET /busy HTTP/1.1\r\nHost: x\r\nX-Number: {}\r\n\r\n", held));
    handlers.wait_for(held);

    std::vector<std::map<std::string_view, std::uint64_t>> counts(threads);
    std::vector<std::exception_ptr> failures(threads);
    {
      std::vector<std::jthread> clients;
      for (unsigned t = 0; t < threads; ++t)
        clients.emplace_back([&, t] {
          try {
            client by(server.port(), handlers);
            for (const std::size_t i : shuffled(ways, requests / threads, t)) {
              try {
                ways[i].go(by);
              } catch (const std::exception& error) {
                throw std::runtime_error(fmt::format("{}: {}", ways[i].name, error.what()));
              }
              counts[t][ways[i].name] += static_cast<std::uint64_t>(ways[i].requests);
            }
          } catch (...) {
            failures[t] = std::current_exception();
          }
        });
    }
    // The last ones that left may not have been noticed yet.
    while (value_of(registry, "http_server_active_requests") > 1) std::this_thread::sleep_for(1ms);
    server.stop(0ms);
    serving.join();
    for (const auto& each : failures)
      if (each) std::rethrow_exception(each);
    for (const auto& each : counts)
      for (const auto& [name, count] : each) sent[name] += count;
    if (!stream.close(30s)) throw std::runtime_error("the log was not written to its end");
  }

  // What there is to be, by what each of the three can tell apart.
  std::map<end, std::uint64_t> logged, measured, cancelled;
  const auto expect = [&](const end& wanted, std::uint64_t count) {
    logged[{wanted.outcome, {}, wanted.status, {}, wanted.logged_type}] += count;
    measured[{{}, wanted.error_type, wanted.status}] += count;
    if (!wanted.phase.empty()) cancelled[{{}, wanted.error_type, {}, wanted.phase}] += count;
  };
  std::uint64_t total = 1;
  for (const way& each : ways) {
    expect(each.wanted, sent[each.name]);
    total += sent[each.name];
    std::printf("%8lu  %s\n", static_cast<unsigned long>(sent[each.name]), each.name);
  }
  expect({"cancelled", "shutdown", "", "handler", "shutdown"}, 1);

  int differences = 0;
  const auto compare = [&](const char* where, const std::string& what, double there, std::uint64_t wanted) {
    if (there == static_cast<double>(wanted)) return;
    ++differences;
    std::printf("DIFFERENT: %s has %.0f of %s, clients know of %lu\n", where, there, what.c_str(),
                static_cast<unsigned long>(wanted));
  };
  auto in_log = ends_in(log_path);
  for (const auto& [each, count] : logged) {
    compare("the log", fmt::format("{} {} {}", each.outcome, each.logged_type, each.status),
            static_cast<double>(in_log[each]), count);
    in_log.erase(each);
  }
  for (const auto& [each, count] : in_log)
    compare("the log", fmt::format("{} {} {}", each.outcome, each.logged_type, each.status),
            static_cast<double>(count), 0);

  double finished = 0, ended = 0;
  std::map<end, double> in_metrics, in_cancelled;
  for (const weir::family_snapshot& family : registry.collect())
    for (const weir::series_snapshot& series : family.series) {
      const auto label = [&](std::string_view name) -> std::string {
        for (std::size_t i = 0; i < family.label_names.size(); ++i)
          if (family.label_names[i] == name) return series.label_values[i];
        return {};
      };
      if (family.name == "http_server_request_duration_seconds") {
        const auto count = static_cast<double>(series.histogram.count());
        finished += count;
        in_metrics[{{}, label("error_type"), label("http_response_status_code")}] += count;
      }
      if (family.name == "weir_requests_cancelled_total") {
        ended += series.value;
        in_cancelled[{{}, label("reason"), {}, label("phase")}] += series.value;
      }
    }
  for (const auto& [each, count] : measured)
    compare("the duration's metric", fmt::format("{} {}", each.error_type, each.status), in_metrics[each], count);
  compare("the duration's metric", "all requests", finished, total);
  std::uint64_t all_cancelled = 0;
  for (const auto& [each, count] : cancelled) {
    compare("the cancellations' metric", fmt::format("{} in {}", each.error_type, each.phase), in_cancelled[each],
            count);
    all_cancelled += count;
  }
  compare("the cancellations' metric", "all", ended, all_cancelled);
  compare("the gauge", "active requests", value_of(registry, "http_server_active_requests"), 0);
  std::filesystem::remove_all(directory);
  std::printf("%lu requests, %d differences\n", static_cast<unsigned long>(total), differences);
  return differences == 0 ? 0 : 1;
}

} // namespace

int main(int count, char** words) try {
  return run(count > 1 ? std::stoul(words[1]) : 100'000, count > 2 ? static_cast<unsigned>(std::stoul(words[2])) : 8);
} catch (const std::exception& error) {
  std::fprintf(stderr, "every_end: %s\n", error.what());
  return 1;
}
