// A cpp-httplib server, and the lines that weir adds: they are marked.
//
//   build/release/examples/15_httplib [PORT [LOG FILE]]
//
//   GET /users/{id}  answers at once
//   GET /report      works for two seconds, unless its client goes or the server stops
//   GET /quote       gives up on a slow colleague after 100 ms: 503
//   GET /rows        streams a million numbers
//   GET /broken      throws
//   GET /metrics     for Prometheus
//
// You will see one JSON line a request, on standard error or in the file; in that of `curl --max-time 0.2
// http://127.0.0.1:8080/report`, who left, when, and how soon the handler stopped. Ctrl-C or SIGTERM ends it.
#include <weir/httplib.hpp>
#include <weir/log.hpp>
#include <weir/prometheus.hpp>

#include <csignal>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

using namespace std::chrono_literals;
using request = httplib::Request;
using response = httplib::Response;

void get_user(const request& asked, response& answer) {
  WEIR_INFO(weir::default_log().get_logger("users"), "looked up",
            weir::field<"user">(asked.matches[1].str())); // weir
  answer.set_content("user " + asked.matches[1].str() + "\n", "text/plain");
}

void make_report(const request&, response& answer) {
  const weir::context ctx = weir::current_context(); // weir
  for (int page = 0; page < 200; ++page) {
    if (!ctx.wait_for(10ms)) continue; // weir: was std::this_thread::sleep_for(10ms), the work on a page
    answer.status = 503;               // weir: the server stops; a client that has gone will not see it
    return;                            // weir
  }
  answer.set_content("the report\n", "text/plain");
}

void get_quote(const request&, response& answer) {
  const auto [ctx, cancel] = weir::with_timeout(weir::current_context(), 100ms); // weir
  ctx.wait_for(10s);                                                             // a colleague who does not answer
  if (ctx.reason() != weir::cancel_reason::timeout) return;
  weir::httplib_server::current_exchange()->timed_out(); // weir
  answer.status = 503;
  answer.set_content("no quote today\n", "text/plain");
}

void get_rows(const request&, response& answer) {
  answer.set_chunked_content_provider("text/plain", [row = 0](std::size_t, httplib::DataSink& sink) mutable {
    std::string thousand;
    for (int i = 0; i < 1000; ++i) thousand += std::to_string(row++) + '\n';
    const bool written = sink.write(thousand.data(), thousand.size());
    if (row == 1'000'000) sink.done();
    return written;
  });
}

void get_metrics(const request& asked, response& answer) {
  const auto page = weir::make_scrape_response(weir::default_metrics(), asked.get_header_value("Accept"));
  answer.set_content(page.body, page.content_type);
}

} // namespace

int main(int count, char** words) {
  try {
    const int port = count > 1 ? std::stoi(words[1]) : 8080;
    if (port < 0 || port > 65535) throw std::out_of_range("no such port: " + std::to_string(port));
    // Before any thread is there, so that none but the last one below takes them.
    sigset_t stop_signals;
    sigemptyset(&stop_signals);
    sigaddset(&stop_signals, SIGINT);
    sigaddset(&stop_signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);

    weir::start_logging({.sinks = {count > 2 ? weir::file_sink({.path = words[2]}, weir::as_json())
                                             : weir::console_sink(weir::console_stream::error, weir::as_json())}});
    const auto [serving, stop_serving] = weir::with_cancel(weir::background());
    weir::logger& access_log = weir::default_log().get_logger("access");           // weir
    weir::request_observer observer({.access_log = &access_log, .base = serving}); // weir
    weir::httplib_server server(observer); // weir: was httplib::Server server;
    server.Get({R"(/users/(\d+))", "/users/{id}"}, get_user);
    server.Get("/report", make_report);
    server.Get("/quote", get_quote);
    server.Get("/rows", get_rows);
    server.Get("/broken", [](const request&, response&) { throw std::runtime_error("out of order"); });
    server.Get("/metrics", get_metrics);

    const int bound =
        port != 0 ? (server.bind_to_port("127.0.0.1", port) ? port : -1) : server.bind_to_any_port("127.0.0.1");
    if (bound < 0) throw std::runtime_error("cannot listen on port " + std::to_string(port));
    std::printf("serving on http://127.0.0.1:%d\n", bound);
    std::fflush(stdout);
    std::thread stopper([&, &stop_serving = stop_serving] {
      int signal = 0;
      sigwait(&stop_signals, &signal);
      stop_serving(weir::cancel_reason::shutdown); // weir: handlers that are under way stop, too
      server.stop();
    });
    server.listen_after_bind();
    stopper.join();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "15_httplib: %s\n", error.what());
    return 1;
  }
}
