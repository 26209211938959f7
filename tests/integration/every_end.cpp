// Requests that end in every way there is: what their clients know, the access log says and the metrics count is the
// same, exactly.
//
//   every_end REQUESTS [THREADS]
//
// Prints a line for each way: how many there were, how many the log and the metrics have; and fails if any two
// differ.
#include "beast/raw_client.hpp"
#include "http/observed.hpp"
#include "weir/asio/sleep.hpp"
#include "weir/beast.hpp"
#include "weir/log.hpp"

#include <fmt/format.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace weir_test;
using task = boost::asio::awaitable<void>;

/// Which requests have reached their handlers: a client that is to go just then waits for its own.
class arrivals {
 public:
  explicit arrivals(std::size_t most) : seen_(most) {}
  /// The number of a request that is going to be sent.
  std::size_t next() noexcept { return next_.fetch_add(1, std::memory_order_relaxed); } // relaxed: it only counts
  void arrived(std::size_t number) noexcept {
    // release: pairs with the acquire below.
    seen_.at(number).store(true, std::memory_order_release);
    seen_.at(number).notify_all();
  }
  void wait_for(std::size_t number) const noexcept {
    // acquire: pairs with the release above.
    seen_.at(number).wait(false, std::memory_order_acquire);
  }

 private:
  std::vector<std::atomic<bool>> seen_;
  std::atomic<std::size_t> next_{0};
};

/// What a request's end is called, in the log and in the metrics.
struct end {
  std::string outcome;          // field `outcome`
  std::string error_type;       // label `error_type`
  std::string status;           // field and label; "" if none was sent
  std::string phase = {};       // label `phase` of weir_requests_cancelled_total; "": it is not in there
  std::string logged_type = {}; // field `error.type`; "": none

  friend auto operator<=>(const end&, const end&) = default;
};

/// One thread's clients.
class client {
 public:
  client(std::uint16_t port, arrivals& handlers) : handlers_(handlers), port_(port), kept_(port) {}

  /// On the connection that is kept.
  void ask(std::string_view request, unsigned status, bool has_body = true) {
    expect(kept_.ask(request, has_body).status, status);
  }
  void ask_many(std::string_view request, unsigned status, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) all += request;
    kept_.send(all);
    for (int i = 0; i < times; ++i) expect(kept_.read().status, status);
  }
  /// On a connection of its own, which the server closes.
  void ask_once(std::string_view request, unsigned status) {
    raw_client own(port_);
    own.send(request);
    expect(own.read().status, status);
    own.at_end();
  }
  /// On a connection of its own that `leave` ends as soon as the handler has begun.
  void leave_handler(const std::function<void(raw_client&)>& leave) {
    raw_client own(port_);
    const std::size_t number = handlers_.next();
    own.send(fmt::format("GET /wait HTTP/1.1\r\nHost: x\r\nX-Number: {}\r\n\r\n", number));
    handlers_.wait_for(number);
    leave(own);
  }
  /// Amid a download.
  void leave_download() {
    raw_client own(port_);
    own.send("GET /endless HTTP/1.1\r\nHost: x\r\n\r\n");
    own.take(1000);
    own.reset();
  }
  /// Amid a body.
  void leave_body() {
    raw_client own(port_);
    own.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n");
    own.take(1); // the header has been read
    own.send("half of it");
    own.close();
  }

 private:
  static void expect(unsigned status, unsigned wanted) {
    if (status != wanted) throw std::runtime_error(fmt::format("status {} instead of {}", status, wanted));
  }

  arrivals& handlers_;
  const std::uint16_t port_;
  raw_client kept_;
};

struct way {
  const char* name;
  end wanted;
  int share; // of all requests, per mille
  std::function<void(client&)> go;
  int requests = 1; // each time
};

constexpr int pipelined = 10;
constexpr std::string_view hello = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";

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

/// The shares, cut into requests: each thread goes its own way through them.
std::vector<std::size_t> shuffled(const std::vector<way>& ways, std::size_t requests, unsigned seed) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < ways.size(); ++i)
    order.insert(
        order.end(),
        requests * static_cast<std::size_t>(ways[i].share) / 1000 / static_cast<std::size_t>(ways[i].requests) + 1,
        i);
  std::ranges::shuffle(order, std::mt19937(seed));
  return order;
}

std::string or_none(const std::string& member) { return member == "(absent)" ? "" : member; }

/// How many access records there are of each end. `phase` is not among them where it is no label.
std::map<end, std::uint64_t> ends_in(const std::filesystem::path& log) {
  std::map<end, std::uint64_t> counts;
  std::ifstream in(log);
  for (std::string line; std::getline(in, line);) {
    if (json_member(line, "logger") != "access") continue;
    ++counts[{.outcome = json_member(line, "outcome"),
              .error_type = {},
              .status = or_none(json_member(line, "http.response.status_code")),
              .phase = {},
              .logged_type = or_none(json_member(line, "error.type"))}];
  }
  return counts;
}

double value_of(const weir::metrics_registry& registry, std::string_view name) {
  double sum = 0;
  for (const weir::family_snapshot& family : registry.collect())
    for (const weir::series_snapshot& series : family.series)
      if (family.name == name) sum += series.value;
  return sum;
}

int run(std::size_t requests, unsigned threads) {
  const auto ways = all_ways();
  const std::filesystem::path directory =
      std::filesystem::temp_directory_path() / fmt::format("weir-every-end-{}", ::getpid());
  std::filesystem::create_directory(directory);
  const auto log_path = directory / "access.log";
  std::map<std::string_view, std::uint64_t> sent;
  weir::metrics_registry registry;
  {
    weir::log_stream stream({.sinks = {weir::file_sink(log_path.string(), weir::as_json())}});
    weir::observer_options observing{.metrics = &registry, .access_log = &stream.get_logger("access")};
    observing.access.most_protocol_errors = 65'535;
    weir::request_observer observer(observing);
    arrivals handlers(requests + 1000);
    weir::http_server server({.port = 0, .threads = 2, .observer = &observer, .header_timeout = 100ms});
    add_routes(server, handlers);
    std::jthread serving([&] { server.run(); });

    // It holds the one place there is, and is cut off when the server stops.
    raw_client holder(server.port());
    const std::size_t held = handlers.next();
    holder.send(fmt::format("GET /busy HTTP/1.1\r\nHost: x\r\nX-Number: {}\r\n\r\n", held));
    handlers.wait_for(held);

    std::vector<std::map<std::string_view, std::uint64_t>> counts(threads);
    std::vector<std::exception_ptr> failures(threads);
    {
      std::vector<std::jthread> clients;
      for (unsigned t = 0; t < threads; ++t)
        clients.emplace_back([&, t] {
          try {
            client by(server.port(), handlers);
            for (const std::size_t i : shuffled(ways, requests / threads, t)) {
              try {
                ways[i].go(by);
              } catch (const std::exception& error) {
                throw std::runtime_error(fmt::format("{}: {}", ways[i].name, error.what()));
              }
              counts[t][ways[i].name] += static_cast<std::uint64_t>(ways[i].requests);
            }
          } catch (...) {
            failures[t] = std::current_exception();
          }
        });
    }
    // The last ones that left may not have been noticed yet.
    while (value_of(registry, "http_server_active_requests") > 1) std::this_thread::sleep_for(1ms);
    server.stop(0ms);
    serving.join();
    for (const auto& each : failures)
      if (each) std::rethrow_exception(each);
    for (const auto& each : counts)
      for (const auto& [name, count] : each) sent[name] += count;
    if (!stream.close(30s)) throw std::runtime_error("the log was not written to its end");
  }

  // What there is to be, by what each of the three can tell apart.
  std::map<end, std::uint64_t> logged, measured, cancelled;
  const auto expect = [&](const end& wanted, std::uint64_t count) {
    logged[{wanted.outcome, {}, wanted.status, {}, wanted.logged_type}] += count;
    measured[{{}, wanted.error_type, wanted.status}] += count;
    if (!wanted.phase.empty()) cancelled[{{}, wanted.error_type, {}, wanted.phase}] += count;
  };
  std::uint64_t total = 1;
  for (const way& each : ways) {
    expect(each.wanted, sent[each.name]);
    total += sent[each.name];
    std::printf("%8lu  %s\n", static_cast<unsigned long>(sent[each.name]), each.name);
  }
  expect({"cancelled", "shutdown", "", "handler", "shutdown"}, 1);

  int differences = 0;
  const auto compare = [&](const char* where, const std::string& what, double there, std::uint64_t wanted) {
    if (there == static_cast<double>(wanted)) return;
    ++differences;
    std::printf("DIFFERENT: %s has %.0f of %s, clients know of %lu\n", where, there, what.c_str(),
                static_cast<unsigned long>(wanted));
  };
  auto in_log = ends_in(log_path);
  for (const auto& [each, count] : logged) {
    compare("the log", fmt::format("{} {} {}", each.outcome, each.logged_type, each.status),
            static_cast<double>(in_log[each]), count);
    in_log.erase(each);
  }
  for (const auto& [each, count] : in_log)
    compare("the log", fmt::format("{} {} {}", each.outcome, each.logged_type, each.status),
            static_cast<double>(count), 0);

  double finished = 0, ended = 0;
  std::map<end, double> in_metrics, in_cancelled;
  for (const weir::family_snapshot& family : registry.collect())
    for (const weir::series_snapshot& series : family.series) {
      const auto label = [&](std::string_view name) -> std::string {
        for (std::size_t i = 0; i < family.label_names.size(); ++i)
          if (family.label_names[i] == name) return series.label_values[i];
        return {};
      };
      if (family.name == "http_server_request_duration_seconds") {
        const auto count = static_cast<double>(series.histogram.count());
        finished += count;
        in_metrics[{{}, label("error_type"), label("http_response_status_code")}] += count;
      }
      if (family.name == "weir_requests_cancelled_total") {
        ended += series.value;
        in_cancelled[{{}, label("reason"), {}, label("phase")}] += series.value;
      }
    }
  for (const auto& [each, count] : measured)
    compare("the duration's metric", fmt::format("{} {}", each.error_type, each.status), in_metrics[each], count);
  compare("the duration's metric", "all requests", finished, total);
  std::uint64_t all_cancelled = 0;
  for (const auto& [each, count] : cancelled) {
    compare("the cancellations' metric", fmt::format("{} in {}", each.error_type, each.phase), in_cancelled[each],
            count);
    all_cancelled += count;
  }
  compare("the cancellations' metric", "all", ended, all_cancelled);
  compare("the gauge", "active requests", value_of(registry, "http_server_active_requests"), 0);
  std::filesystem::remove_all(directory);
  std::printf("%lu requests, %d differences\n", static_cast<unsigned long>(total), differences);
  return differences == 0 ? 0 : 1;
}

} // namespace

int main(int count, char** words) try {
  return run(count > 1 ? std::stoul(words[1]) : 100'000, count > 2 ? static_cast<unsigned>(std::stoul(words[2])) : 8);
} catch (const std::exception& error) {
  std::fprintf(stderr, "every_end: %s\n", error.what());
  return 1;
}
