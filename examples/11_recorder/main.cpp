// The flight recorder: details are kept for each request, and written only for those that go wrong.
//
//   build/release/examples/11_recorder
//
// You will see, on standard error, the lines at level info of three orders, and for the one that fails also what it
// had logged at the levels below, each with its own time and marked recorded=true.
#include <weir/context.hpp>
#include <weir/context_recording.hpp>
#include <weir/log.hpp>

namespace {

bool deliver(weir::logger& log, int order) {
  WEIR_DEBUG(log, "order {}: looking for a driver", order);
  WEIR_TRACE(log, "order {}: {} drivers are near", order, 3 - order);
  if (order < 3) return true;
  WEIR_WARN(log, "order {}: nobody is there", order);
  return false;
}

} // namespace

int main() {
  weir::log_stream stream({.sinks = {weir::console_sink()}, .recorder = weir::recorder_options{}});
  weir::logger& log = stream.get_logger("shop");

  weir::recording recording(stream); // one for each request that goes on at the same time, as a connection has
  for (int order = 1; order <= 3; ++order) {
    recording.begin();
    // A server's request has a context: weir::with_recording(request.ctx(), recording).
    const weir::context ctx = weir::with_recording(weir::background(), recording);
    const weir::context_scope current(ctx);
    WEIR_INFO(log, "order {}", order);
    if (!deliver(log, order)) recording.emit();
  }
  recording.end();
}
