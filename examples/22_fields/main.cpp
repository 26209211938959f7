// Fields that no statement names: a connection's, by its logger, and a request's, by its context, whoever works on
// it.
//
//   build/release/examples/22_fields
//
// You will see four lines of JSON on standard output. All have the connection's number; those of the request have its
// user as well, the one that another thread logs, too. Where keys meet, the nearest is written: the statement's, then
// the logger's, then the context's.
#include <weir/context.hpp>
#include <weir/context_fields.hpp>
#include <weir/log.hpp>

#include <thread>

namespace {

using weir::field;

void charge(const weir::logger& log, const weir::context& ctx, int cents) {
  const weir::context_scope current(ctx); // from here on this thread works for the request
  WEIR_INFO(log, "charged", field<"cents">(cents));
}

} // namespace

int main() {
  weir::log_stream stream({.sinks = {weir::console_sink(weir::console_stream::output, weir::as_json())}});
  weir::logger& log = stream.get_logger("shop");

  const auto connection_log = log.with(field<"connection">(7), field<"peer">("192.0.2.1"));
  WEIR_INFO(connection_log, "opened");
  {
    const weir::context request = weir::with_fields(weir::background(), field<"user">("ada"), field<"cents">(0));
    const weir::context_scope current(request);
    WEIR_INFO(connection_log, "asked for", field<"item">("tea"));
    std::thread([&] { charge(connection_log, request, 250); }).join();
  }
  connection_log.info("closed");
}
