// A program full of spdlog's calls whose log becomes weir's: the set-up lines change, the calls stay.
//
//   build/release/examples/10_spdlog weir FILE
//   build/release/examples/10_spdlog spdlog FILE     # as it was before
//
// You will see the same lines on standard output; with weir those of a request carry its ids. They are in FILE, too,
// which rotates: with weir in its own manner.
#include <weir/context.hpp>
#include <weir/log.hpp>
#include <weir/spdlog.hpp>

#include <spdlog/async.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <string_view>

using namespace std::chrono_literals;

namespace {

void set_up_spdlog(const std::string& path) {
  auto console = std::make_shared<spdlog::sinks::stdout_color_sink_mt>();
  auto file = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(path, 10 << 20, 5);
  const spdlog::sinks_init_list sinks{console, file};
  spdlog::init_thread_pool(8192, 1);
  spdlog::set_default_logger(std::make_shared<spdlog::async_logger>("server", sinks, spdlog::thread_pool()));
  spdlog::initialize_logger(std::make_shared<spdlog::async_logger>("db", sinks, spdlog::thread_pool()));
  spdlog::set_level(spdlog::level::debug);
  spdlog::flush_every(1s);
}

void set_up_weir(const std::string& path) {
  auto console = weir::console_sink(weir::console_stream::output, weir::as_text("%+")); // spdlog's lines
  auto file = weir::rotating_file_sink(path, {.file_bytes = 10 << 20, .keep_files = 5});
  weir::start_logging({.sinks = {console, file}, .threshold = weir::level::trace}); // spdlog's levels decide
  spdlog::set_default_logger(weir::make_spdlog_logger("server"));
  weir::make_spdlog_logger("db");
  spdlog::set_level(spdlog::level::debug);
}

// From here on nothing changes.

void query() {
  const auto db = spdlog::get("db");
  db->debug("SELECT {} FROM {}", "name", "users");
  SPDLOG_LOGGER_WARN(db, "the query took {} ms", 1200);
}

void handle(int request) {
  spdlog::info("request {}", request);
  query();
}

weir::correlation ids_of(int request) {
  return {0x4bf92f3577b34da6, 0xa3ce929d0e0e4736, static_cast<unsigned>(request)};
}

void serve() {
  spdlog::info("listening on port {}", 8080);
  for (int request = 1; request <= 2; ++request) {
    // What weir's adapters do for each request of a server.
    const auto ctx = weir::with_correlation(weir::context(), ids_of(request));
    const weir::context_scope scope(ctx);
    handle(request);
  }
  spdlog::error("{} requests are enough", 2);
}

} // namespace

int main(int count, char** words) {
  const std::string_view whose = count == 3 ? words[1] : "";
  if (whose != "weir" && whose != "spdlog") {
    std::fprintf(stderr, "usage: 10_spdlog weir|spdlog FILE\n");
    return 64;
  }
  try {
    whose == "weir" ? set_up_weir(words[2]) : set_up_spdlog(words[2]);
    serve();
    spdlog::shutdown();
    return 0;
  } catch (const std::exception& error) { // a path that cannot be opened
    std::fprintf(stderr, "10_spdlog: %s\n", error.what());
    return 1;
  }
}
