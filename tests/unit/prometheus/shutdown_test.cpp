// Scrapes while the process goes down: whatever ends first, each page is one that can be read.
#include "weir/log/stream.hpp"
#include "weir/log_metrics.hpp"
#include "weir/metrics.hpp"
#include "weir/process_metrics.hpp"
#include "weir/prometheus.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

/// Whether each line is a comment or a name, labels and a value, and the page is complete.
bool is_readable(std::string_view page) {
  if (!page.ends_with("# EOF\n")) return false;
  while (!page.empty()) {
    const std::string_view line = page.substr(0, page.find('\n'));
    page.remove_prefix(line.size() + 1);
    if (line.empty() || (line[0] != '#' && line.find(' ') == std::string_view::npos)) return false;
  }
  return true;
}

TEST_CASE("shutdown: scrapes go on while streams and their registrations come and go",
          "[prometheus][shutdown][concurrent]") {
  weir::metrics_registry registry;
  std::atomic<bool> done{false};
  std::atomic<int> unreadable{0}, pages{0};
  {
    std::vector<std::jthread> scrapers;
    for (int i = 0; i < 2; ++i) {
      scrapers.emplace_back([&] {
        // relaxed, here and below: joining synchronises.
        while (!done.load(std::memory_order_relaxed)) {
          const auto page = weir::make_scrape_response(registry, {.accept = "application/openmetrics-text"});
          if (!is_readable(page.body)) unreadable.fetch_add(1, std::memory_order_relaxed);
          pages.fetch_add(1, std::memory_order_relaxed);
        }
      });
    }
    for (int round = 0; round < 20; ++round) {
      weir::log_stream stream({.sinks = {}});
      const auto log = weir::register_log_metrics(registry, stream);
      const auto process = weir::register_process_metrics(registry);
      const int before = pages.load(std::memory_order_relaxed);
      while (pages.load(std::memory_order_relaxed) < before + 2) std::this_thread::yield();
      // The registrations go first, with scrapes under way, then the stream.
    }
    done.store(true, std::memory_order_relaxed);
  }
  CHECK(unreadable == 0);
  const std::string last = weir::render_openmetrics(registry);
  CHECK(last.find("weir_log") == std::string::npos);
  CHECK(last.find("process_") == std::string::npos);
}

} // namespace
