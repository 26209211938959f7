// A download server whose every request is observed: access log, trace ids, metrics, cancellation.
//
//   build/release/examples/02_download_server --root /some/directory --port 8080 --log server.log
//
//   GET /download/{file}  a file of --root, whole or in ranges, until the client goes; --rate bytes a second at most
//   GET …?manifest        the hashes of its blocks
//   GET /slow?ms=N        answers after N milliseconds, unless its client goes or the server stops
//   GET /timeout          never done in time: 503 by the deadline of its middleware
//   GET /hello            the least a server can do
//   GET /weir             the live page, for a browser on this machine
//   GET /metrics          for Prometheus; with --metrics-port N also on that port, by prometheus-cpp's Exposer
//   GET /healthz          200 while it runs
//   GET /readyz           200 while it wants requests, which ends --unready milliseconds before it stops
//   GET, PUT /log-levels  the levels in force, and new ones: from this machine, or with the bearer --token
//
// You will see one JSON line a request in the log file, with the id that its client got as X-Request-ID. Ctrl-C or
// SIGTERM stops accepting, lets requests finish for a few seconds, cancels the rest, and writes the log to its end.
#include <weir/asio/sleep.hpp>
#include <weir/beast.hpp>
#include <weir/context_metrics.hpp>
#include <weir/http.hpp>
#include <weir/live.hpp>
#include <weir/log.hpp>
#include <weir/log_metrics.hpp>
#include <weir/process_metrics.hpp>
#include <weir/prometheus.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <prometheus/exposer.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <exception>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>

namespace {

using boost::asio::awaitable;
using namespace std::chrono_literals;

unsigned parse_number(std::string_view what, std::string_view text, unsigned most) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > most)
    throw std::invalid_argument(std::string(what) + ": '" + std::string(text) + "' is not a number up to " +
                                std::to_string(most));
  return value;
}

std::map<std::string, std::string> parse_options(int count, char** words) {
  std::map<std::string, std::string> options{{"--root", "."},    {"--port", "8080"},     {"--log", "server.log"},
                                             {"--threads", "1"}, {"--overflow", "drop"}, {"--metrics-port", "0"},
                                             {"--rate", "0"},    {"--unready", "0"},     {"--token", ""}};
  for (int i = 1; i < count; i += 2) {
    if (!options.contains(words[i])) throw std::invalid_argument(std::string("unknown option ") + words[i]);
    if (i + 1 == count) throw std::invalid_argument(std::string(words[i]) + " wants a value");
    options[words[i]] = words[i + 1];
  }
  return options;
}

weir::overflow_policy parse_overflow(const std::string& text) {
  if (text == "block") return weir::overflow_policy::block;
  if (text == "drop") return weir::overflow_policy::drop_newest;
  throw std::invalid_argument("--overflow: '" + text + "' is neither block nor drop");
}

awaitable<void> hello(weir::http_request&, weir::http_response& response) {
  response.body("hello\n");
  co_return;
}

awaitable<void> slow(weir::logger& log, weir::http_request& request, weir::http_response& response) {
  unsigned ms = 0;
  try {
    ms = parse_number("ms", request.query("ms").value_or("1000"), 600'000);
  } catch (const std::invalid_argument& error) {
    response.error(400, error.what());
    co_return;
  }
  WEIR_DEBUG(log, "sleeping", weir::field<"ms">(ms)); // below the level: for the flight recorder
  if (co_await weir::sleep_for(request.ctx(), std::chrono::milliseconds(ms))) {
    // Nobody waits for the answer any more. The record carries the request's trace id all by itself.
    WEIR_INFO(log, "stopped early", weir::field<"reason">(to_string_view(request.ctx().reason())));
    co_return;
  }
  response.body("done after " + std::to_string(ms) + " ms\n");
}

/// The page for Prometheus.
awaitable<weir::scrape_response> make_page(weir::scrape_request scrape) {
  co_return weir::make_scrape_response(weir::default_metrics(), scrape);
}

awaitable<void> metrics(boost::asio::thread_pool& pages, weir::http_request& request, weir::http_response& response) {
  const weir::scrape_request scrape{.accept = request.header("Accept"),
                                    .accept_encoding = request.header("Accept-Encoding")};
  weir::scrape_response page = co_await boost::asio::co_spawn(pages, make_page(scrape), boost::asio::use_awaitable);
  response.body(std::move(page.body), page.content_type);
  response.header("Vary", page.vary);
  if (!page.content_encoding.empty()) response.header("Content-Encoding", page.content_encoding);
}

/// The live page, and the stream of events that it is kept up to date by.
void serve(weir::live_page& page, weir::http_server& server) {
  const auto visitor = [](const weir::http_request& request) -> weir::live_visitor {
    return {request.peer(), request.target(), [&](std::string_view name) { return request.header(name); },
            [&](std::string_view name) { return request.has_header(name); }};
  };
  const auto answer = [](const weir::live_answer& with, weir::http_response& response) {
    response.status(with.status).body(std::string(with.body));
    for (const auto& [name, value] : with.headers) response.header(name, value);
  };
  server.get("/weir", [=, &page](weir::http_request& request, weir::http_response& response) -> awaitable<void> {
    answer(page.document(visitor(request)), response);
    co_return;
  });
  server.get("/weir/events",
             [=, &page](weir::http_request& request, weir::http_response& response) -> awaitable<void> {
               weir::live_viewer viewer(page, visitor(request));
               answer(viewer.answer(), response);
               // One condition for both, and GCC 12 would start the response for a refused viewer, too.
               if (!viewer) co_return;
               if (co_await response.start() || request.method() == "HEAD") co_return;
               while (const auto text = viewer.next())
                 if (co_await response.write(boost::asio::buffer(*text)) ||
                     co_await weir::sleep_for(request.ctx(), viewer.until_next()))
                   co_return;
             });
}

/// Applies a time limit to one path only.
weir::http_middleware only_for(std::string path, weir::http_middleware inner) {
  return [path, inner](weir::http_request& request, weir::http_response& response,
                       weir::next_handler next) -> awaitable<void> {
    return request.path() == path ? inner(request, response, std::move(next)) : next();
  };
}

int run(int count, char** words) {
  auto options = parse_options(count, words);

  // The log: JSON lines in a file. A full disk must not stop the server, so what does not fit is dropped, and
  // counted.
  const std::string& token = options["--token"];
  const auto access = token.empty() ? weir::operator_access() : weir::operator_access(token);
  weir::live_page live({.title = "download server", .access = access});
  weir::log_stream& stream = weir::start_logging({
      .sinks = {weir::file_sink(options["--log"], weir::as_json()), live.log_sink()},
      .recorder = weir::recorder_options{},
      .overflow = parse_overflow(options["--overflow"]),
  });
  const auto log_metrics = weir::register_log_metrics(weir::default_metrics(), stream);
  const auto context_metrics = weir::register_context_metrics(weir::default_metrics());
  const auto process_metrics = weir::register_process_metrics(weir::default_metrics());
  weir::logger& log = stream.get_logger("app");

  // Callers may say who they are (traceparent, B3, X-Request-ID) and for how long they wait (X-Request-Timeout-Ms).
  weir::request_observer observer({
      .access_log = &stream.get_logger("access"),
      .recorder = &stream,
      .slow_after = 250ms,
      .request_ids = weir::request_id_policy::always,
      .deadline_header = "X-Request-Timeout-Ms",
      .on_finished = live.on_finished(),
  });
  live.show(stream, observer);
  weir::http_server server({.port = static_cast<std::uint16_t>(parse_number("--port", options["--port"], 65535)),
                            .threads = parse_number("--threads", options["--threads"], 64),
                            .observer = &observer,
                            .log = &log,
                            .unready_time = 1ms * parse_number("--unready", options["--unready"], 600'000)});

  server.use(only_for("/timeout", weir::time_limit(100ms)));
  server.get("/download/{file}",
             weir::static_files(options["--root"],
                                {.bytes_per_second = parse_number("--rate", options["--rate"], 1'000'000'000),
                                 .manifest = weir::manifest_options{}}));
  server.get("/slow", [&](weir::http_request& request, weir::http_response& response) {
    return slow(log, request, response);
  });
  server.get("/timeout", [&](weir::http_request& request, weir::http_response& response) -> awaitable<void> {
    if (!co_await weir::sleep_for(request.ctx(), 1h)) response.body("an hour has passed\n");
  });
  serve(live, server);
  server.get("/hello", hello);
  server.get("/healthz", weir::liveness());
  server.get("/readyz", weir::readiness(server));
  auto operators = server.group("");
  operators.use(weir::operators_only(access));
  operators.get("/log-levels", weir::show_log_levels(stream));
  operators.route("PUT", "/log-levels", weir::change_log_levels(stream));
  // With thousands of series a page takes milliseconds to make and to compress: not on a thread that serves. Joined
  // before the server goes, on whose threads the handlers go on.
  boost::asio::thread_pool pages(1);
  server.get("/metrics", [&pages](weir::http_request& request, weir::http_response& response) {
    return metrics(pages, request, response);
  });

  // The same metrics on a port of their own, for networks where operators and users come in by different doors.
  const auto collectable = std::make_shared<weir::prometheus_collectable>(weir::default_metrics());
  std::optional<prometheus::Exposer> exposer;
  if (const unsigned port = parse_number("--metrics-port", options["--metrics-port"], 65535); port != 0) try {
      exposer.emplace("127.0.0.1:" + std::to_string(port)).RegisterCollectable(collectable);
    } catch (const std::exception&) { // its message does not say which port
      throw std::runtime_error("--metrics-port: cannot listen on 127.0.0.1 port " + std::to_string(port));
    }

  boost::asio::io_context signals;
  boost::asio::signal_set stop_signals(signals, SIGINT, SIGTERM);
  stop_signals.async_wait([&](const boost::system::error_code& error, int) {
    if (error) return;
    live.close();
    server.stop();
  });
  const std::jthread signal_thread([&](const std::stop_token& over) {
    const std::stop_callback end(over, [&] { signals.stop(); });
    signals.run();
  });

  std::printf("serving %s on http://127.0.0.1:%u, log in %s\nlive page: http://127.0.0.1:%u%s\n",
              options["--root"].c_str(), server.port(), options["--log"].c_str(), server.port(),
              live.options().path.c_str());
  std::fflush(stdout);
  WEIR_INFO(log, "started", weir::field<"port">(server.port()));
  server.run();
  WEIR_INFO(log, "stopped");
  return stream.flush() ? 0 : 1;
}

} // namespace

int main(int count, char** words) {
  try {
    std::signal(SIGPIPE, SIG_IGN); // a client that goes is an error code, not the end
    return run(count, words);
  } catch (const std::exception& error) {
    std::cerr << "02_download_server: " << error.what() << '\n';
    return 1;
  }
}
