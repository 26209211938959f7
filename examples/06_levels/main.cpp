// A tree of loggers: who logs at which level, from the start, from the environment, and changed while it runs.
//
//   build/release/examples/06_levels
//   WEIR_LOG=http.client=trace build/release/examples/06_levels
//
// You will see, on standard error, the start as the program sets it up: no line of the HTTP client's, unless the
// environment asks for it. Then an operator changes the levels: a rule that makes no sense is refused and changes
// nothing, and the next one shows the client at work.
#include <weir/log.hpp>

#include <cstdio>
#include <stdexcept>
#include <string>

namespace {

/// What the handler of PUT /log-levels would do with a request's body; returns what it would answer.
std::string change_levels(weir::log_stream& log, const std::string& rules) {
  try {
    log.set_levels(rules);
    return "200 " + log.levels();
  } catch (const std::invalid_argument& error) {
    return std::string("400 ") + error.what();
  }
}

void work(weir::log_stream& stream) {
  weir::logger& server = stream.get_logger("http.server");
  weir::logger& client = stream.get_logger("http.client");
  WEIR_DEBUG(server, "accepted a connection");
  WEIR_TRACE(client, "asked for a connection to {}", "db.example");
}

} // namespace

int main() {
  weir::log_stream& stream = weir::start_logging({.threshold = weir::level::warn, .levels = "http=debug"});
  WEIR_WARN(weir::default_logger(), "levels: {}", stream.levels());
  work(stream);

  const std::string refused = change_levels(stream, "http.client=loud");
  WEIR_WARN(weir::default_logger(), "{}", refused);
  const std::string changed = change_levels(stream, "http=inherit,http.client=trace");
  WEIR_WARN(weir::default_logger(), "{}", changed);
  work(stream);
}
