// The live page: what a server is doing, in a browser, with nothing else installed.
#pragma once

#include "weir/http/exchange.hpp"
#include "weir/http/observer.hpp"
#include "weir/http/operator_access.hpp"
#include "weir/live/viewer.hpp"
#include "weir/log/sink.hpp"
#include "weir/log/stream.hpp"
#include "weir/metrics/registry.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace weir {

/// How a page is set up. A value outside its range makes the constructor throw std::invalid_argument naming it.
struct live_options {
  /// What the page calls the program.
  std::string title = "server";
  /// Where it is served: its document at `path`, its events at `path` + "/events".
  std::string path = "/weir";
  /// Who may see it; default: whoever is on this machine. A token may come as `Authorization: Bearer …` or, from a
  /// browser, as `?token=…` behind the address, which the access log redacts.
  operator_access access{};
  /// Where the requests are counted.
  metrics_registry* metrics = &default_metrics();
  /// How many may look at a time; 1 to 1000, default 8. The next one gets 503. Each costs a connection, and the
  /// sending of some 5 to 50 KB an interval.
  std::size_t most_viewers = 8;
  /// Between two snapshots; 100 ms to 1 min, default 1 s.
  std::chrono::milliseconds interval{1000};
  /// The records that the page's log begins with; 1 to 500, which is what it shows, default 200.
  std::size_t log_records = 200;
  /// Of those below warn and of those from warn on, each, so many a second are kept, and the others only counted;
  /// 1 to 10 000, default 100. It bounds what the page costs a program that logs a lot.
  unsigned log_records_per_second = 100;
  /// The slowest requests of the last `slow_window`; 0 to 100, default 12, and 1 s to 1 h, default 5 min. Exact but for
  /// its oldest sixth.
  std::size_t slow_requests = 12;
  std::chrono::seconds slow_window{300};
};

/// What the page shows, and who sees it. It is told of by three that are set up before the server runs:
///
///   weir::live_page page;
///   log_options.sinks.push_back(page.log_sink());       // its log, and the lines of the flight recorder
///   observer_options.on_finished = page.on_finished();  // its slowest requests
///   page.show(stream, observer);                        // the stream's health; the requests under way
///
/// The rest is read from the registry. Without a viewer nothing is made of it.
///
/// Thread safety: thread-safe but for show(), which comes before the server runs. Lifetime: outlives its viewers and
/// the observer that on_finished() was given to; stream and observer outlive its viewers. Cost: a request, two loads
/// and two comparisons; a log record a comparison, or rendering it while there are few; and while somebody looks, one
/// snapshot an interval, whatever the number of viewers: see README.md.
class live_page {
 public:
  explicit live_page(live_options options = {});
  live_page(const live_page&) = delete;
  live_page& operator=(const live_page&) = delete;
  ~live_page();

  const live_options& options() const noexcept;

  std::shared_ptr<sink> log_sink() const;
  std::function<void(const exchange_record&)> on_finished() const;
  void show(const log_stream& stream, const request_observer& observer);

  /// The document for this visitor, or 401 or 403.
  live_answer document(const live_visitor& visitor) const;

  /// Ends the streams of events, for a server that is about to stop: what they call next() for next, within an
  /// interval, is nullptr.
  void close() noexcept;

 private:
  friend class live_viewer;
  struct state;
  const std::unique_ptr<state> state_;
};

} // namespace weir
