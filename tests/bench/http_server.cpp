// The server that wrk drives: weir's Beast server with one thread and GET /hello, logging in the way of one subject.
//
//   http_server --subject bare|weir|spdlog_sync|spdlog_sync_flush|spdlog_async --log /dev/shm/access.log
//
// It prints `port N`, serves until SIGTERM, and then prints `requests N`.
#include "access_lines.hpp"
#include "measuring/cores.hpp"
#include "measuring/options.hpp"

#include <weir/http.hpp>
#include <weir/log.hpp>
#include <weir/log_metrics.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <spdlog/spdlog.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

namespace {

using boost::asio::awaitable;

/// Everything that weir does for a request: context, client watch, trace ids, metrics, and the access log as JSON.
class everything_on {
 public:
  explicit everything_on(const std::string& path)
      : stream_({.sinks = {weir::file_sink(path, weir::as_json())}}),
        metrics_(weir::register_log_metrics(weir::default_metrics(), stream_)),
        observer_({.access_log = &stream_.get_logger("access")}) {}

  weir::request_observer& observer() noexcept { return observer_; }
  weir::logger& log() { return stream_.get_logger("app"); }
  void finish() {
    if (!stream_.flush() || stream_.stats().dropped() != 0) throw std::runtime_error("weir: records were lost");
  }

 private:
  weir::log_stream stream_;
  std::vector<weir::callback_registration> metrics_;
  weir::request_observer observer_;
};

void run(const bench::options& options) {
  const std::string& subject = options.text("--subject");
  const std::string& path = options.text("--log");
  // What the loggers start has the second core, as in all benchmarks; the thread that serves has the first.
  bench::pin(bench::role::backend);
  std::optional<everything_on> weir_side;
  if (subject == "weir") weir_side.emplace(path);
  const auto spdlog_side = bench::open_access_log(subject, path);
  if (subject != "bare" && !weir_side && spdlog_side == nullptr)
    throw std::invalid_argument("there is no subject '" + subject + "'");

  weir::http_server server({.port = 0,
                            .observer = weir_side ? &weir_side->observer() : nullptr,
                            .log = weir_side ? &weir_side->log() : nullptr});
  if (spdlog_side != nullptr) server.use(bench::access_lines(spdlog_side));
  unsigned long requests = 0; // one server thread
  server.get("/hello", [&](weir::http_request&, weir::http_response& response) -> awaitable<void> {
    ++requests;
    response.body("hello\n");
    co_return;
  });

  boost::asio::io_context signals;
  boost::asio::signal_set stop_signals(signals, SIGINT, SIGTERM);
  stop_signals.async_wait([&](const boost::system::error_code& error, int) {
    if (!error) server.stop();
  });
  std::thread signal_thread([&] { signals.run(); });
  std::printf("port %u\n", unsigned{server.port()});
  std::fflush(stdout);
  bench::pin(bench::role::producer);
  server.run();
  signals.stop();
  signal_thread.join();

  if (weir_side) weir_side->finish();
  if (spdlog_side != nullptr) spdlog_side->flush();
  spdlog::shutdown(); // writes what an asynchronous logger has queued
  std::printf("requests %lu\n", requests);
}

} // namespace

int main(int count, char** words) {
  try {
    std::signal(SIGPIPE, SIG_IGN);
    run({count, words, {{"--subject", "bare"}, {"--log", "access.log"}}});
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "http_server: %s\n", error.what());
    return 1;
  }
}
