// What the page is sent, as JSON.
#pragma once

#include "weir/http/observer.hpp"
#include "weir/log/stats.hpp"
#include "weir/log/text_buffer.hpp"
#include "weir/metrics/registry.hpp"

#include <cstddef>
#include <string_view>

namespace weir::detail {

/// The families that the page shows, as they stand in a registry.
class shown_families {
 public:
  /// Makes those that are not there. Errors: as metrics_registry::add().
  explicit shown_families(metrics_registry& registry);

  /// Appends `"requests":{…},"cancelled":{…}`: sums over all series. Errors: std::bad_alloc.
  void append(text_buffer& out) const;

 private:
  void append_requests(text_buffer& out) const;
  void append_cancelled(text_buffer& out) const;

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
void append_under_way(text_buffer& out, const request_observer& observer, std::size_t most, std::string_view events,
                      std::size_t most_events);

} // namespace weir::detail
