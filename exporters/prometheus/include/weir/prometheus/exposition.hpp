// Metrics as the text that Prometheus scrapes, and the answer to a scrape for whichever HTTP server gives it.
#pragma once

#include "weir/metrics/registry.hpp"
#include "weir/metrics/snapshot.hpp"

#include <concepts>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace prometheus {
class Collectable;
}

namespace weir {

/// The page in the Prometheus text format 0.0.4: for each family that has a series HELP and TYPE once, then its
/// series. A label whose value is empty is left out, which to Prometheus is the same. The bounds of buckets are
/// spelled as OpenMetrics wants them (`1.0`, `0.005`, `1e+06`, `+Inf`) in both formats, so that a server that changes
/// the format continues the same series. Errors: std::bad_alloc. Thread-safe. Source:
/// https://prometheus.io/docs/instrumenting/exposition_formats/
std::string render_prometheus_text(std::span<const family_snapshot> families);
std::string render_prometheus_text(const metrics_registry& registry);

/// The page in OpenMetrics 1.0: as above, with the names of counters' families without `_total`, the exemplars of
/// histograms (histogram::observe() with a trace), and an end mark.
/// Errors: std::bad_alloc. Thread-safe.
/// Source: OpenMetrics 1.0.0, "Text format".
std::string render_openmetrics(std::span<const family_snapshot> families);
std::string render_openmetrics(const metrics_registry& registry);

/// What a scrape says of itself: the values of its headers, several of one name joined by commas, empty if it has
/// none.
struct scrape_request {
  std::string_view accept{};
  std::string_view accept_encoding{};
};

/// What to answer with, under status 200.
struct scrape_response {
  std::string content_type;
  std::string content_encoding; ///< "gzip", or empty: then no such header is sent
  std::string body;
  /// The header Vary, always: a cache on the way must not give one scraper what another has asked for.
  std::string_view vary = "Accept, Accept-Encoding";
};

/// Answers a scrape in the format that its Accept header prefers: OpenMetrics if it is asked for by name with at
/// least the weight of plain text, and the text format 0.0.4 in every other case, a missing or nonsensical header
/// included. The body is compressed if Accept-Encoding has gzip, or a wildcard, with a weight above 0 and not below
/// that of identity, and the body is worth it (1 KiB).
/// `others`: whose families are on the page behind weir's own, such as the program's prometheus::Registry. Left out
/// are a family one of whose names (`h_count` of a histogram `h`) is there already with a series, one with a name or
/// label for which Prometheus would refuse the whole page, and all of a collectable that throws. Errors:
/// std::bad_alloc. Thread-safe: callable from any thread of any server, as far as the others are. Cost: 1 to 2 ms for
/// a thousand histograms with 14 bounds each, 3 MB of text; compressing, 4 ns a byte, five times as long. Source: RFC
/// 9110, sections 12.5.1 and 12.5.3.
scrape_response make_scrape_response(const metrics_registry& registry, const scrape_request& request,
                                     const std::vector<const ::prometheus::Collectable*>& others = {});

/// The same for a scrape that takes no compressed answer.
/// A template, so that `{}` is a scrape_request and nothing else.
template <std::convertible_to<std::string_view> Text>
scrape_response make_scrape_response(const metrics_registry& registry, const Text& accept_header) {
  return make_scrape_response(registry, scrape_request{.accept = accept_header});
}

} // namespace weir
