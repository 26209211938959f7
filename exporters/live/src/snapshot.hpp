// What the page is sent, as JSON.
#pragma once

#include "weir/http/observer.hpp"
#include "weir/log/stats.hpp"
#include "weir/log/text_buffer.hpp"
#include "weir/metrics/registry.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace weir::detail {

/// The families that the page shows, as they stand in a registry.
class shown_families {
 public:
  /// Makes those that are not there. `document`, `events`: the routes of the page. Errors: as
  /// metrics_registry::add().
  shown_families(metrics_registry& registry, std::string document, std::string events);

  /// Appends `"requests":{…},"cancelled":{…}`: sums over all series but those of the page's routes. `own`: how many
  /// of the active requests are the page's. Errors: std::bad_alloc.
  void append(text_buffer& out, std::size_t own) const;

 private:
  void append_requests(text_buffer& out, std::size_t own) const;
  void append_cancelled(text_buffer& out) const;
  /// All series of other routes. Idle ones, too: totals must not fall, the page takes their differences.
  template <class Metric>
  family_snapshot collect(const metric_family<Metric>& family) const;

  const std::string document_, events_;
  const metric_family<histogram>& duration_;
  const metric_family<gauge>& active_;
  const metric_family<gauge>& stuck_;
  const metric_family<counter>& cancelled_;
  const metric_family<histogram>& to_stop_;
  const metric_family<counter>& wasted_;
};

/// Appends `"stream":{…}`.
void append_stream(text_buffer& out, const log_stats& stats);

/// Appends `"under_way":[…]`, at most `most`, without those of the path `events`.
void append_under_way(text_buffer& out, std::span<const request_under_way> requests, std::size_t most,
                      std::string_view events);

} // namespace weir::detail
