// Statements that would be too many: what each limit lets through of a busy server's lines.
//
//   build/release/examples/07_limits
//
// You will see, on standard error, some twenty lines of 1000 requests: a notice once; every 250th request, with the
// number of those left out in between; the first three slow ones; at most five complaints an hour; of a sampled
// request both lines; what a limit lets pass that is an object of the program's own; and, when the program ends, how
// many were left out that no line has told.
#include <weir/log.hpp>

#include <chrono>

using namespace std::chrono_literals;

namespace {

void handle(weir::logger& log, int request) {
  WEIR_WARN_LIMITED(log, weir::once(), "the old protocol is spoken here");
  WEIR_INFO_LIMITED(log, weir::every_n(250), "request {}", request);
  if (request % 10 == 9) WEIR_WARN_LIMITED(log, weir::first_n(3), "request {} is slow", request);
  WEIR_ERROR_LIMITED(log, weir::rate_limit(5, 1h), "request {} waits in a full queue", request);

  // Both, or neither: the trace decides, not chance.
  WEIR_INFO_LIMITED(log, weir::sample_traces(0.002), "request {} begins", request);
  WEIR_INFO_LIMITED(log, weir::sample_traces(0.002), "request {} ends", request);
}

} // namespace

int main() {
  weir::logger& log = weir::default_logger();
  weir::rate_limit limit(2, 1h);
  for (int request = 0; request < 1000; ++request) {
    // A server's requests have theirs from their context.
    const weir::correlation ids{0x80f198ee56343ba8, 1 + static_cast<unsigned>(request), 1};
    weir::current_correlation = &ids;
    handle(log, request);
    weir::current_correlation = nullptr;
    if (limit.pass()) log.info("request {} is done", request);
  }
  log.info("{} more requests are done", limit.unreported());
}
