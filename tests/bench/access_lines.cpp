#include "access_lines.hpp"

#include <spdlog/async.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>

#include <chrono>

namespace bench {

std::shared_ptr<spdlog::logger> open_access_log(std::string_view subject, const std::string& path) {
  if (!subject.starts_with("spdlog_")) return nullptr;
  auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
  std::shared_ptr<spdlog::logger> log;
  if (subject == "spdlog_async") {
    spdlog::init_thread_pool(spdlog::details::default_async_q_size, 1);
    log = std::make_shared<spdlog::async_logger>("access", std::move(sink), spdlog::thread_pool(),
                                                 spdlog::async_overflow_policy::block);
  } else {
    log = std::make_shared<spdlog::logger>("access", std::move(sink));
    if (subject == "spdlog_sync_flush") log->flush_on(spdlog::level::info);
  }
  log->set_formatter(std::make_unique<spdlog::pattern_formatter>(
      R"({"time":"%Y-%m-%dT%H:%M:%S.%fZ","level":"%l","logger":"%n",%v})", spdlog::pattern_time_type::utc));
  return log;
}

weir::http_middleware access_lines(std::shared_ptr<spdlog::logger> log) {
  return [log = std::move(log)](weir::http_request& request, weir::http_response& response,
                                weir::next_handler next) -> boost::asio::awaitable<void> {
    const auto received = std::chrono::steady_clock::now();
    co_await next();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - received;
    const unsigned status = response.status();
    const std::string_view method = request.method(), path = request.path();
    log->info(R"("message":"{} {} {}","trace_id":"{}","span_id":"{}","http.request.method":"{}","url.path":"{}",)"
              R"("url.scheme":"http","http.route":"{}","http.response.status_code":{},)"
              R"("network.protocol.version":"1.1","client.address":"{}","http.request.body.size":{},)"
              R"("http.response.body.size":{},"duration_s":{},"outcome":"completed")",
              method, path, status, "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", method, path, "/hello",
              status, "127.0.0.1", request.body().size(), 6, took.count());
  };
}

} // namespace bench
