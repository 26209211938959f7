#include "every_end_ways.hpp"

#include "weir/asio/sleep.hpp"
#include "weir/beast.hpp"

#include <chrono>

namespace weir_test {

using namespace std::chrono_literals;

namespace {

using task = boost::asio::awaitable<void>;

constexpr int pipelined = 10;
constexpr std::string_view hello = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";

} // namespace

std::vector<way> all_ways() {
  const auto get = [](std::string_view target, std::string_view headers = "") {
    return fmt::format("GET {} HTTP/1.1\r\nHost: x\r\n{}\r\n", target, headers);
  };
  return {
      {"answered", {"completed", "", "200"}, 480, [](client& by) { by.ask(hello, 200); }},
      {"pipelined", {"completed", "", "200"}, 300, [](client& by) { by.ask_many(hello, 200, pipelined); }, pipelined},
      {"HEAD",
       {"completed", "", "200"},
       20,
       [](client& by) { by.ask("HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\n", 200, false); }},
      {"HTTP/1.0", {"completed", "", "200"}, 10, [](client& by) { by.ask_once("GET /hello HTTP/1.0\r\n\r\n", 200); }},
      {"not found", {"completed", "", "404"}, 20, [=](client& by) { by.ask(get("/none"), 404); }},
      {"other method",
       {"completed", "", "405"},
       20,
       [](client& by) { by.ask("PUT /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 405); }},
      {"exception", {"failed", "exception", "500"}, 20, [=](client& by) { by.ask(get("/throw"), 500); }},
      {"time limit",
       {"timed_out", "timeout", "503", "handler", "timeout"},
       10,
       [=](client& by) { by.ask_once(get("/late"), 503); }},
      {"caller's deadline",
       {"timed_out", "deadline", "504", "handler", "deadline"},
       10,
       [=](client& by) { by.ask_once(get("/wait", "X-Request-Timeout-Ms: 60\r\n"), 504); }},
      {"expired on arrival",
       {"refused", "deadline", "504", "", "deadline"},
       10,
       [=](client& by) { by.ask(get("/hello", "X-Request-Timeout-Ms: 0\r\n"), 504); }},
      {"overload",
       {"refused", "overload", "503", "", "overload"},
       20,
       [=](client& by) { by.ask(get("/busy"), 503); }},
      {"no HTTP",
       {"protocol_error", "protocol_error", "400"},
       10,
       [](client& by) { by.ask_once("nonsense\r\n\r\n", 400); }},
      {"two hosts",
       {"protocol_error", "protocol_error", "400"},
       5,
       [](client& by) { by.ask_once("GET /hello HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400); }},
      {"too large",
       {"protocol_error", "protocol_error", "413"},
       5,
       [](client& by) { by.ask_once("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n", 413); }},
      {"too large in chunks",
       {"protocol_error", "protocol_error", "413"},
       5,
       [](client& by) {
         by.ask_once("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n", 413);
       }},
      {"header too large",
       {"protocol_error", "protocol_error", "431"},
       5,
       [=](client& by) { by.ask_once(get("/hello", "X-Long: " + std::string(20'000, 'x') + "\r\n"), 431); }},
      {"header too slow",
       {"timed_out", "timeout", "408", "read", "timeout"},
       1,
       [](client& by) { by.ask_once("GET /hello HTTP/1.1\r\n", 408); }},
      {"body too slow",
       {"timed_out", "timeout", "408", "read", "timeout"},
       1,
       [](client& by) { by.ask_once("POST /short HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc", 408); }},
      {"body without progress",
       {"timed_out", "timeout", "408", "read", "timeout"},
       1,
       [](client& by) { by.ask_once("POST /brisk HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc", 408); }},
      {"exception amid the response",
       {"failed", "exception", "200"},
       7,
       [=](client& by) { by.ask_once(get("/broken"), 200); }},
      {"closed amid the body",
       {"cancelled", "client_closed", "", "read", "client_closed"},
       10,
       [](client& by) { by.leave_body(); }},
      {"closed in the handler",
       {"cancelled", "client_closed", "", "handler", "client_closed"},
       10,
       [](client& by) { by.leave_handler([](raw_client& own) { own.close(); }); }},
      {"half closed in the handler",
       {"cancelled", "client_closed", "", "handler", "client_closed"},
       10,
       [](client& by) {
         by.leave_handler([](raw_client& own) {
           own.shutdown_send();
           own.at_end();
         });
       }},
      {"reset in the handler",
       {"cancelled", "client_reset", "", "handler", "client_reset"},
       5,
       [](client& by) { by.leave_handler([](raw_client& own) { own.reset(); }); }},
      {"reset amid the response",
       {"cancelled", "client_reset", "200", "write", "client_reset"},
       5,
       [](client& by) { by.leave_download(); }},
  };
}

void add_routes(weir::http_server& on, arrivals& handlers) {
  on.get("/hello", [](weir::http_request&, weir::http_response& out) -> task {
    out.body("hello\n");
    co_return;
  });
  const auto take = [](weir::http_request& in, weir::http_response& out) -> task {
    out.body(in.body());
    co_return;
  };
  on.post("/echo", take);
  on.post("/short", take, {.body_timeout = 20ms});
  on.post("/brisk", take, {.progress_timeout = 20ms});
  on.get("/broken", [](weir::http_request&, weir::http_response& out) -> task {
    co_await out.start();
    throw std::runtime_error("as it was told to");
  });
  on.get("/throw", [](weir::http_request&, weir::http_response&) -> task {
    throw std::runtime_error("as it was told to");
    co_return;
  });
  const auto wait = [&handlers](weir::http_request& in, weir::http_response&) -> task {
    if (const std::string number(in.header("X-Number")); !number.empty()) handlers.arrived(std::stoul(number));
    co_await weir::until_done(in.ctx());
  };
  on.get("/wait", wait);
  on.get("/late", weir::behind({weir::time_limit(3ms)}, wait));
  // Whoever comes first stays until the end.
  on.get("/busy", weir::behind({weir::limit_concurrency(1)}, wait));
  on.get("/endless", [](weir::http_request&, weir::http_response& out) -> task {
    static const std::string part(256 * 1024, 'x');
    if (co_await out.start(std::uint64_t{1} << 40)) co_return;
    while (!co_await out.write(boost::asio::buffer(part))) {
    }
  });
}

} // namespace weir_test
