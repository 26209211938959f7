// Levels of a stream's loggers: inheritance, changes at run time, and where they begin.
#include "weir/log/stream.hpp"

#include "captured_stream.hpp"
#include "run_program.hpp"
#include "temporary_directory.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using weir::level;
using weir::logger;

namespace {

/// The level of each logger of a family.
struct family {
  explicit family(weir::log_stream& stream)
      : http(stream.get_logger("http")),
        client(stream.get_logger("http.client")),
        pool(stream.get_logger("http.client.pool")),
        httpd(stream.get_logger("httpd")) {}
  std::vector<level> levels() const {
    return {http.threshold(), client.threshold(), pool.threshold(), httpd.threshold()};
  }
  logger &http, &client, &pool, &httpd;
};
using levels = std::vector<level>;

/// Runs a program that logs at debug in the loggers main, http, http.client and db of its process's own stream, with
/// WEIR_LOG set in this way; its output is the levels and what is said on standard error.
struct program_under {
  explicit program_under(const std::string& weir_log)
      : file(directory.file("a.log")),
        result(run_program(fmt::format("WEIR_LOG='{}' {} levels {} 2>&1", weir_log, WEIR_LOG_CHILD, file))) {}
  temporary_directory directory;
  std::string file;
  program_result result;
};

class environment_variable {
 public:
  environment_variable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  ~environment_variable() { ::unsetenv(name_); }
  environment_variable(const environment_variable&) = delete;
  environment_variable& operator=(const environment_variable&) = delete;

 private:
  const char* name_;
};

} // namespace

TEST_CASE("logger levels: a logger has its nearest ancestor's level, and no other's", "[log][level]") {
  captured_stream test;
  const family all(test.stream());
  CHECK(all.levels() == levels{level::info, level::info, level::info, level::info});
  all.http.set_threshold(level::debug);
  CHECK(all.levels() == levels{level::debug, level::debug, level::debug, level::info});
  all.client.set_threshold(level::error);
  CHECK(all.levels() == levels{level::debug, level::error, level::error, level::info});
  all.http.set_threshold(level::off);
  CHECK(all.levels() == levels{level::off, level::error, level::error, level::info});
}

TEST_CASE("logger levels: a logger that gives up its own level inherits again, and so do those below",
          "[log][level]") {
  captured_stream test;
  const family all(test.stream());
  all.http.set_threshold(level::debug);
  all.client.set_threshold(level::error);
  all.client.inherit_threshold();
  CHECK(all.levels() == levels{level::debug, level::debug, level::debug, level::info});
  all.http.inherit_threshold();
  all.httpd.inherit_threshold(); // has none
  CHECK(all.levels() == levels{level::info, level::info, level::info, level::info});
}

TEST_CASE("logger levels: a bound logger has its name's, also when that changes", "[log][level]") {
  captured_stream test;
  logger& named = test.stream().get_logger("http.client");
  weir::bound_logger bound = named.with(weir::field<"peer">("a"));
  weir::bound_logger twice = bound.with(weir::field<"job">(1));
  test.stream().set_levels("http=debug");
  CHECK(bound.threshold() == level::debug);
  CHECK(twice.threshold() == level::debug);
  bound.set_threshold(level::error);
  CHECK(named.threshold() == level::error);
  CHECK(twice.threshold() == level::error);
  twice.inherit_threshold();
  CHECK(named.threshold() == level::debug);
  CHECK(bound.threshold() == level::debug);
}

TEST_CASE("logger levels: a bound logger may outlive its stream", "[log][level]") {
  std::unique_ptr<weir::bound_logger> bound;
  {
    captured_stream test;
    const weir::bound_logger gone = test.log().with(weir::field<"peer">("a"));
    bound.reset(new weir::bound_logger(test.log().with(weir::field<"peer">("b"))));
  }
  bound->info("dropped");
  bound->set_threshold(level::debug);
  CHECK(bound->threshold() == level::debug);
}

TEST_CASE("logger levels: they wait for loggers that are not there yet", "[log][level]") {
  captured_stream test;
  test.stream().set_levels("http=debug,http.client.pool=off");
  const family all(test.stream());
  CHECK(all.levels() == levels{level::debug, level::debug, level::off, level::info});
}

TEST_CASE("logger levels: the ancestors of a logger need not exist", "[log][level]") {
  captured_stream test;
  logger& pool = test.stream().get_logger("http.client.pool");
  test.stream().set_levels("http=warn");
  CHECK(pool.threshold() == level::warn);
}

TEST_CASE("logger levels: the stream's are changed by rules, and read back", "[log][level]") {
  captured_stream test;
  CHECK(test.stream().levels() == "info");
  test.stream().set_levels("http.client=off, DEBUG, http=trace");
  CHECK(test.stream().levels() == "debug,http=trace,http.client=off");
  test.stream().set_levels("http=inherit");
  CHECK(test.stream().levels() == "debug,http.client=off");
  test.stream().get_logger("db").set_threshold(level::warn);
  CHECK(test.stream().levels() == "debug,db=warn,http.client=off");
  const weir::level_rule quiet[]{{"", level::error}, {"db", std::nullopt}};
  test.stream().set_levels(quiet);
  CHECK(test.stream().levels() == "error,http.client=off");
  test.stream().set_levels("");
  CHECK(test.stream().levels() == "error,http.client=off");
}

TEST_CASE("logger levels: what is read back is taken back", "[log][level]") {
  captured_stream test;
  test.stream().set_levels("warn,a=debug,a.b=off,c-d=trace");
  const std::string before = test.stream().levels();
  captured_stream other;
  other.stream().set_levels(before);
  CHECK(other.stream().levels() == before);
}

TEST_CASE("logger levels: rules apply all or not at all", "[log][level]") {
  captured_stream test;
  CHECK_THROWS_WITH(test.stream().set_levels("debug,http=loud"), Catch::Contains("\"http=loud\""));
  CHECK_THROWS_WITH(test.stream().set_levels("info;http=debug"), Catch::Contains("commas between them"));
  const weir::level_rule odd[]{{"", level::debug}, {"http", static_cast<level>(9)}};
  CHECK_THROWS_WITH(test.stream().set_levels(odd), Catch::Contains("\"http\"") && Catch::Contains("9"));
  CHECK_THROWS_AS(test.log().set_threshold(static_cast<level>(9)), std::invalid_argument);
  CHECK(test.stream().levels() == "info");
  CHECK(test.log().threshold() == level::info);
}

TEST_CASE("logger levels: the logger without a name stands for the stream", "[log][level]") {
  captured_stream test;
  logger& all = test.stream().get_logger("");
  all.set_threshold(level::debug);
  CHECK(test.log().threshold() == level::debug);
  all.inherit_threshold(); // from whom?
  CHECK(all.threshold() == level::debug);
  CHECK(test.stream().levels() == "debug");
}

TEST_CASE("logger levels: dots at odd places do no harm", "[log][level]") {
  captured_stream test;
  test.stream().set_levels("a=error,.=debug");
  CHECK(test.stream().get_logger("a..b").threshold() == level::error);
  CHECK(test.stream().get_logger("a.").threshold() == level::error);
  CHECK(test.stream().get_logger(".").threshold() == level::debug);
  CHECK(test.stream().get_logger("..").threshold() == level::debug);
  CHECK(test.stream().get_logger(".b").threshold() == level::info);
}

TEST_CASE("logger levels: what a logger inherits decides what is logged", "[log][level]") {
  captured_stream test;
  const family all(test.stream());
  test.stream().set_levels("http=debug,http.client=off");
  WEIR_DEBUG(all.http, "http");
  WEIR_CRITICAL(all.pool, "pool");
  all.httpd.debug("httpd");
  CHECK(test.lines() == std::vector<std::string>{"http"});
}

TEST_CASE("logger levels: the option's rules come over the option's threshold", "[log][level]") {
  captured_stream test({.threshold = level::error, .levels = "http=debug"});
  CHECK(test.stream().levels() == "error,http=debug");
  captured_stream other({.threshold = level::error, .levels = "trace"});
  CHECK(other.stream().levels() == "trace");
}

TEST_CASE("logger levels: a wrong rule in the options is refused by name", "[log][level]") {
  CHECK_THROWS_WITH(captured_stream({.levels = "info,http=loud"}),
                    Catch::Contains("log_options.levels") && Catch::Contains("\"http=loud\""));
}

TEST_CASE("logger levels: the environment comes over the options, logger by logger", "[log][level]") {
  const environment_variable set("WEIR_TEST_LEVELS", "debug,http=off");
  captured_stream test({.levels = "warn,http=trace,db=error", .levels_variable = "WEIR_TEST_LEVELS"});
  CHECK(test.stream().levels() == "debug,db=error,http=off");
  test.stream().set_levels("http=info"); // and what comes later over both
  CHECK(test.stream().get_logger("http").threshold() == level::info);
}

TEST_CASE("logger levels: a stream of one's own reads the environment on request only", "[log][level]") {
  const environment_variable set("WEIR_LOG", "debug");
  captured_stream test;
  CHECK(test.stream().levels() == "info");
  captured_stream unset({.levels_variable = "WEIR_TEST_NO_SUCH_VARIABLE"});
  CHECK(unset.stream().levels() == "info");
}

TEST_CASE("logger levels: WEIR_LOG is the process's own stream's", "[log][level]") {
  const program_under test("http=debug,http.client=off,error");
  CHECK(test.result.status == 0);
  CHECK(test.result.output == "error,db=off,http=debug,http.client=off\n");
  const auto lines = lines_of(test.file);
  REQUIRE(lines.size() == 1);
  CHECK(lines.front().ends_with("debug [http] debug"));
}

TEST_CASE("logger levels: what is wrong in WEIR_LOG is said on standard error, and the rest applied",
          "[log][level]") {
  const program_under test("http=debgu,http.client=debug,\x1b[31m");
  CHECK(test.result.status == 0);
  INFO(test.result.output);
  CHECK(test.result.output.find("weir: WEIR_LOG: \"http=debgu\" is neither") == 0);
  CHECK(test.result.output.find("\nweir: WEIR_LOG: \"\\x1b[31m\" is neither") != std::string::npos);
  CHECK(test.result.output.ends_with("\nwarn,db=off,http.client=debug\n"));
  CHECK(lines_of(test.file).size() == 1);
}

TEST_CASE("logger sinks: a logger writes where its nearest ancestor with its own sinks does", "[log][level]") {
  captured_stream test;
  const auto access = std::make_shared<weir::testing::capturing_sink>(as_bare_text());
  test.stream().get_logger("http.early").info("before");
  test.stream().get_logger("http", {access});
  test.stream().get_logger("http.client.pool").info("below");
  test.stream().get_logger("httpd").info("beside");
  test.stream().get_logger("http.early").info("created before");
  test.stream().get_logger("http.early.child").info("created after");
  CHECK(test.lines() == std::vector<std::string>{"before", "beside", "created before"});
  CHECK(access->lines() == std::vector<std::string>{"below", "created after"});
}

TEST_CASE("logger levels: they may be changed while threads log and make loggers", "[log][level][concurrent]") {
  captured_stream test;
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        logger& log = test.stream().get_logger("http." + std::to_string(t) + "." + std::to_string(i % 20));
        WEIR_DEBUG(log, "{}", i);
        const weir::bound_logger bound = log.with(weir::field<"i">(i));
        log.set_threshold(level::warn);
        log.inherit_threshold();
      }
    });
  std::thread changer([&] {
    do { // once at least, however late this thread comes
      test.stream().set_levels("http=debug");
      test.stream().set_levels("http=off");
    } while (!done.load(std::memory_order_relaxed));
  });
  for (auto& each : threads) each.join();
  done.store(true, std::memory_order_relaxed);
  changer.join();
  CHECK(test.stream().levels() == "info,http=off");
  for (int t = 0; t < 3; ++t)
    CHECK(test.stream().get_logger("http." + std::to_string(t) + ".7").threshold() == level::off);
}
