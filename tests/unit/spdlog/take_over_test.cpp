#include "weir/spdlog/take_over.hpp"

#include "log/captured_stream.hpp"
#include "log/with_position.hpp"

#include <spdlog/async.h>
#include <spdlog/sinks/null_sink.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <catch2/catch.hpp>

#include <memory>
#include <sstream>
#include <string>
#include <vector>

using weir::level;

namespace {

/// spdlog's registry as a program finds it, and without the test's loggers afterwards.
class fresh_registry {
 public:
  fresh_registry() { reset(); }
  ~fresh_registry() { reset(); }
  fresh_registry(const fresh_registry&) = delete;
  fresh_registry& operator=(const fresh_registry&) = delete;

 private:
  static void reset() {
    spdlog::shutdown();
    spdlog::set_level(spdlog::level::info);
    spdlog::flush_on(spdlog::level::off);
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("", std::make_shared<spdlog::sinks::null_sink_mt>()));
  }
};

} // namespace

TEST_CASE("take_over_spdlog: the default logger and all registered ones lead into the stream", "[spdlog]") {
  const fresh_registry registry;
  captured_stream test({.threshold = level::trace}, with_position());
  const auto before = spdlog::create<spdlog::sinks::null_sink_mt>("db");
  weir::take_over_spdlog(test.stream());
  spdlog::info("default {}", 1);
  before->warn("a pointer got before");
  spdlog::get("db")->error("the registered one");
  CHECK(spdlog::get("db") == before);
  CHECK(test.lines() == std::vector<std::string>{"info main :0 : default 1", "warn db :0 : a pointer got before",
                                                 "error db :0 : the registered one"});
}

TEST_CASE("take_over_spdlog: sinks are released, everything else stays", "[spdlog]") {
  const fresh_registry registry;
  captured_stream test({.threshold = level::trace});
  std::ostringstream text;
  auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(text);
  const std::weak_ptr<spdlog::sinks::sink> released = sink;
  auto log = std::make_shared<spdlog::logger>("own", std::move(sink));
  log->set_level(spdlog::level::warn);
  log->flush_on(spdlog::level::err);
  spdlog::register_logger(log);
  weir::take_over_spdlog(test.stream());
  CHECK(released.expired());
  CHECK(log->level() == spdlog::level::warn);
  CHECK(log->flush_level() == spdlog::level::err);
  log->info("below spdlog's level");
  log->warn("above");
  CHECK(test.lines() == std::vector<std::string>{"above"});
  CHECK(text.str().empty());
}

TEST_CASE("take_over_spdlog: an asynchronous logger gets a synchronous successor", "[spdlog]") {
  const fresh_registry registry;
  captured_stream test({.threshold = level::trace}, weir::as_json());
  auto pool = std::make_shared<spdlog::details::thread_pool>(128, 1);
  const auto queued = [&](const std::string& name) {
    auto made = std::make_shared<spdlog::async_logger>(name, std::make_shared<spdlog::sinks::null_sink_mt>(), pool,
                                                       spdlog::async_overflow_policy::block);
    made->set_level(spdlog::level::debug);
    return made;
  };
  const auto server = queued("server"), db = queued("db");
  int errors = 0;
  db->set_error_handler([&](const std::string&) { ++errors; });
  spdlog::set_default_logger(server);
  spdlog::register_logger(db);
  weir::take_over_spdlog(test.stream());

  CHECK(spdlog::default_logger() != server);
  CHECK(spdlog::get("server") == spdlog::default_logger());
  const auto successor = spdlog::get("db");
  CHECK(dynamic_cast<spdlog::async_logger*>(successor.get()) == nullptr);
  CHECK(successor->level() == spdlog::level::debug);
  successor->info(fmt::runtime("{"));
  CHECK(errors == 1);

  const weir::correlation ids{1, 2, 3};
  weir::current_correlation = &ids;
  spdlog::debug("with ids");
  weir::current_correlation = nullptr;
  CHECK(test.last_line().find(R"("logger":"server","message":"with ids","trace_id":"0000000000000001)") !=
        std::string::npos);
  CHECK(server->sinks().size() == 1); // what the program holds of it is left alone: its queue may not be empty
  CHECK(dynamic_cast<spdlog::sinks::null_sink_mt*>(server->sinks().front().get()) != nullptr);
}

TEST_CASE("take_over_spdlog: the bridge serves loggers of one's own, and twice does no harm", "[spdlog]") {
  const fresh_registry registry;
  captured_stream test;
  const auto bridge = weir::take_over_spdlog(test.stream());
  weir::take_over_spdlog(test.stream());
  spdlog::logger("own", bridge).info("x");
  spdlog::info("y");
  spdlog::default_logger()->clone("clone")->info("z");
  CHECK(test.lines() == std::vector<std::string>{"x", "y", "z"});
}

TEST_CASE("take_over_spdlog: a registry without a default logger is none of its business", "[spdlog]") {
  const fresh_registry registry;
  captured_stream test;
  spdlog::set_default_logger(nullptr);
  weir::take_over_spdlog(test.stream());
  CHECK(spdlog::default_logger() == nullptr);
}

TEST_CASE("make_spdlog_logger: it is set up as spdlog's factories do", "[spdlog]") {
  const fresh_registry registry;
  captured_stream test({.threshold = level::trace}, with_position());
  spdlog::set_level(spdlog::level::debug);
  spdlog::flush_on(spdlog::level::critical);
  const auto log = weir::make_spdlog_logger("http.client", test.stream());
  CHECK(spdlog::get("http.client") == log);
  CHECK(log->level() == spdlog::level::debug);
  CHECK(log->flush_level() == spdlog::level::critical);
  log->debug("x");
  CHECK(test.last_line() == "debug http.client :0 : x");
  CHECK_THROWS_AS(weir::make_spdlog_logger("http.client", test.stream()), spdlog::spdlog_ex);
}
