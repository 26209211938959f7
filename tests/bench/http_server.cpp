// The server that wrk drives, with GET /hello: weir's Beast server, or one as Beast's users have it, logging in the
// way of one subject.
//
//   http_server --subject bare|bare_writing|weir|weir_deadline|weir_polling|beast|beast_weir|spdlog_sync|
//                         spdlog_sync_flush|spdlog_async
//               --log /dev/shm/access.log --threads 1
//
// It prints `port N`, serves until SIGTERM, and then prints `requests N`. GET /allocations says how often the thread
// that serves it has allocated memory by then.
#include "access_lines.hpp"
#include "counting/thread_events.hpp"
#include "measuring/cores.hpp"
#include "measuring/options.hpp"
#include "stock_server.hpp"
#include "written_lines.hpp"

#include <weir/asio.hpp>
#include <weir/http.hpp>
#include <weir/log.hpp>
#include <weir/log_metrics.hpp>
#include <weir/metrics.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <spdlog/spdlog.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using boost::asio::awaitable;

/// Everything that weir does for a request: context, client watch, trace ids, metrics, and the access log as JSON.
class everything_on {
 public:
  everything_on(const std::string& path, std::chrono::milliseconds deadline)
      : stream_({.sinks = {weir::file_sink(path, weir::as_json())}}),
        metrics_(weir::register_log_metrics(weir::default_metrics(), stream_)),
        observer_({.access_log = &stream_.get_logger("access"), .default_deadline = deadline}) {}

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

std::string allocations_so_far() { return std::to_string(bench::events_of_this_thread.allocations); }

/// Until SIGTERM.
template <class Server>
void serve(Server& server, unsigned threads) {
  boost::asio::io_context signals;
  boost::asio::signal_set stop_signals(signals, SIGINT, SIGTERM);
  stop_signals.async_wait([&](const boost::system::error_code& error, int) {
    if (!error) server.stop();
  });
  std::thread signal_thread([&] { signals.run(); });
  std::printf("port %u\n", unsigned{server.port()});
  std::fflush(stdout);
  if (threads == 1)
    bench::pin(bench::role::producer);
  else
    bench::unpin();
  server.run();
  signals.stop();
  signal_thread.join();
}

void serve_as_stock(unsigned threads, everything_on* weir_side, weir::counter& requests) {
  const auto answer = [&](std::string_view target) -> std::optional<std::string> {
    requests.add();
    if (target == "/hello") return "hello\n";
    if (target == "/allocations") return allocations_so_far();
    return std::nullopt;
  };
  bench::stock_server server(threads, answer, weir_side != nullptr ? &weir_side->observer() : nullptr);
  serve(server, threads);
}

void serve_as_weir(unsigned threads, std::chrono::microseconds busy_time, everything_on* weir_side,
                   const std::shared_ptr<spdlog::logger>& spdlog_side, weir::counter& requests) {
  weir::http_server server({.port = 0,
                            .threads = threads,
                            .observer = weir_side != nullptr ? &weir_side->observer() : nullptr,
                            .log = weir_side != nullptr ? &weir_side->log() : nullptr,
                            .busy_time = busy_time});
  if (spdlog_side != nullptr) server.use(bench::access_lines(spdlog_side));
  server.get("/hello", [&](weir::http_request&, weir::http_response& response) -> awaitable<void> {
    requests.add();
    response.body("hello\n");
    co_return;
  });
  server.get("/allocations", [&](weir::http_request&, weir::http_response& response) -> awaitable<void> {
    requests.add();
    response.body(allocations_so_far());
    co_return;
  });
  server.get("/wait", [&](weir::http_request& request, weir::http_response&) -> awaitable<void> {
    requests.add();
    co_await weir::until_done(request.ctx());
  });
  serve(server, threads);
}

void run(const bench::options& options) {
  const std::string& subject = options.text("--subject");
  const std::string& path = options.text("--log");
  // What the loggers start has the second core, as in all benchmarks; a thread that serves alone has the first.
  const auto threads = static_cast<unsigned>(options.number("--threads"));
  bench::pin(bench::role::backend);
  std::optional<everything_on> weir_side;
  if (subject == "weir" || subject == "weir_polling") weir_side.emplace(path, std::chrono::milliseconds(0));
  if (subject == "weir_deadline" || subject == "beast_weir") weir_side.emplace(path, std::chrono::seconds(10));
  const auto spdlog_side = bench::open_access_log(subject, path);
  weir::counter requests;
  std::optional<bench::written_lines> floor;
  if (subject == "bare_writing") floor.emplace(path, requests);
  if (subject != "bare" && subject != "beast" && !floor && !weir_side && spdlog_side == nullptr)
    throw std::invalid_argument("there is no subject '" + subject + "'");

  const std::chrono::microseconds busy_time(subject == "weir_polling" ? 50 : 0);
  if (subject.starts_with("beast"))
    serve_as_stock(threads, weir_side ? &*weir_side : nullptr, requests);
  else
    serve_as_weir(threads, busy_time, weir_side ? &*weir_side : nullptr, spdlog_side, requests);

  if (floor) floor->finish();
  if (weir_side) weir_side->finish();
  if (spdlog_side != nullptr) spdlog_side->flush();
  spdlog::shutdown(); // writes what an asynchronous logger has queued
  std::printf("requests %lu\n", static_cast<unsigned long>(requests.value()));
}

} // namespace

int main(int count, char** words) {
  try {
    std::signal(SIGPIPE, SIG_IGN);
    run({count, words, {{"--subject", "bare"}, {"--log", "access.log"}, {"--threads", "1"}}});
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "http_server: %s\n", error.what());
    return 1;
  }
}
