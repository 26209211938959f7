// What examples/12_queries/postgres_query.hpp says of itself, against the server that libpq's environment names.
// queries.py starts one; run by hand, it must be a local one, as some tests stop its processes for a while.
#include "12_queries/postgres_query.hpp"

#include "queries/ender.hpp"

#include <catch2/catch.hpp>

#include <signal.h>
#include <sys/types.h>

#include <chrono>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

using namespace std::chrono_literals;

namespace {

class database {
 public:
  database() {
    INFO(PQerrorMessage(get()));
    REQUIRE(PQstatus(get()) == CONNECTION_OK);
  }

  PGconn* get() const { return connection_.get(); }
  pid_t backend() const { return PQbackendPID(get()); }

  std::error_code run(const weir::context& ctx, const char* sql) { return postgres_query(ctx, get(), sql).error; }
  std::error_code run(const char* sql) { return run(weir::background(), sql); }

  /// The one value that a query gives which nothing may end.
  std::string value(const char* sql) {
    const postgres_answer answer = postgres_query(weir::background(), get(), sql);
    INFO(answer.text);
    REQUIRE(answer.error == std::error_code());
    REQUIRE(PQntuples(answer.result.get()) == 1);
    return PQgetvalue(answer.result.get(), 0, 0);
  }

  bool is_usable() { return PQstatus(get()) == CONNECTION_OK && value("select 6 * 7") == "42"; }

 private:
  std::unique_ptr<PGconn, void (*)(PGconn*)> connection_{PQconnectdb(""), PQfinish};
};

/// A process of the server that does not run for a while.
class stopped {
 public:
  explicit stopped(pid_t process) : process_(process) { REQUIRE(::kill(process_, SIGSTOP) == 0); }
  stopped(const stopped&) = delete;
  ~stopped() { ::kill(process_, SIGCONT); }

 private:
  pid_t process_;
};

/// What /proc says of a process under this name.
std::string status_of(pid_t process, const std::string& name) {
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  for (std::string word; status >> word;)
    if (word == name + ":" && status >> word) return word;
  throw std::runtime_error("/proc says no " + name + " of " + std::to_string(process));
}

pid_t parent_of(pid_t process) { return std::stoi(status_of(process, "PPid")); }

/// Whether a signal has been sent to the process that it has not looked at yet.
bool has_pending(pid_t process, int signal) {
  return (std::stoull(status_of(process, "ShdPnd"), nullptr, 16) >> (signal - 1) & 1) != 0;
}

} // namespace

TEST_CASE("postgres_query: a query of minutes ends with its context, and the connection is usable", "[queries]") {
  database db;
  for (const char* sql :
       {"select pg_sleep(600)", "select count(*) from generate_series(1, 1000000) a, generate_series(1, 1000000) b",
        "select repeat('row', 100) from generate_series(1, 1000000000)"}) {
    INFO(sql);
    auto [ctx, cancel] = weir::with_timeout(weir::background(), 20ms);
    CHECK(db.run(ctx, sql) == weir::context_errc::deadline_exceeded);
    CHECK(db.is_usable());
  }
}

TEST_CASE("postgres_query: gives the result, with parameters", "[queries]") {
  database db;
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  const postgres_answer answer =
      postgres_query(ctx, db.get(), "select $1::int * 7, $2::text from generate_series(1, 2)", {"6", nullptr});
  REQUIRE(answer.error == std::error_code());
  CHECK(PQntuples(answer.result.get()) == 2);
  CHECK(PQgetvalue(answer.result.get(), 1, 0) == std::string("42"));
  CHECK(PQgetisnull(answer.result.get(), 1, 1) == 1);
}

TEST_CASE("postgres_query: sends nothing under a context that is done", "[queries]") {
  database db;
  REQUIRE(db.run("create temporary table t(x int)") == std::error_code());
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  cancel();
  CHECK(db.run(ctx, "insert into t values (1)") == weir::context_errc::canceled);
  CHECK(db.value("select count(*) from t") == "0");
}

TEST_CASE("postgres_query: an error of the database's own is not the context's", "[queries]") {
  database db;
  const postgres_answer answer = postgres_query(weir::background(), db.get(), "select 1/0");
  CHECK(answer.error == sqlstate("22012"));
  CHECK(answer.error.message() == "SQLSTATE 22012");
  CHECK(PQresultErrorMessage(answer.result.get()) == std::string("ERROR:  division by zero\n"));
  CHECK(answer.text == "ERROR:  division by zero\n");

  auto [ctx, cancel] = weir::with_cancel(weir::background());
  CHECK(db.run(ctx, "set statement_timeout = '20ms'") == std::error_code());
  CHECK(db.run(ctx, "select pg_sleep(600)") == sqlstate("57014")); // the code of a cancel, but not by the context
  CHECK(db.is_usable());
}

TEST_CASE("postgres_query: an empty statement is none, and no error", "[queries]") {
  CHECK(database().run("") == std::error_code());
}

TEST_CASE("postgres_query: a cancelled statement's transaction is there to be rolled back", "[queries]") {
  database db;
  REQUIRE(db.run("create temporary table t(x int)") == std::error_code());
  REQUIRE(db.run("begin") == std::error_code());
  REQUIRE(db.run("insert into t values (1)") == std::error_code());
  auto [ctx, cancel] = weir::with_timeout(weir::background(), 20ms);
  CHECK(db.run(ctx, "select pg_sleep(600)") == weir::context_errc::deadline_exceeded);
  CHECK(PQtransactionStatus(db.get()) == PQTRANS_INERROR);
  CHECK(db.run("rollback") == std::error_code());
  CHECK(db.value("select count(*) from t") == "0");
}

TEST_CASE("postgres_query: a connection that breaks says so", "[queries]") {
  database db;
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  CHECK(db.run(ctx, "select pg_terminate_backend(pg_backend_pid())") == sqlstate("57P01")); // admin_shutdown
  CHECK(PQstatus(db.get()) == CONNECTION_BAD);
  const postgres_answer answer = postgres_query(ctx, db.get(), "select 1");
  CHECK(answer.error == sqlstate("08006"));
  CHECK(answer.text == "no connection to the server\n");
  CHECK(postgres_query(ctx, nullptr, "select 1").error == sqlstate("08006"));
}

TEST_CASE("postgres_query: a connection that broke before says so, too", "[queries]") {
  const std::string long_one(16 << 20, 'x');
  for (const char* parameter : {"short", long_one.c_str()}) {
    database db, other;
    const std::string backend = std::to_string(db.backend());
    REQUIRE(
        postgres_query(weir::background(), other.get(), "select pg_terminate_backend($1, 10000)", {backend.c_str()})
            .error == std::error_code());
    const postgres_answer answer = postgres_query(weir::background(), db.get(), "select length($1)", {parameter});
    CHECK((answer.error == sqlstate("57P01") || answer.error == sqlstate("08006"))); // whether it reads the farewell
    CHECK_FALSE(answer.text.empty());
    CHECK(PQstatus(db.get()) == CONNECTION_BAD);
  }
}

TEST_CASE("postgres_query: leaves a query alone that is on its way already", "[queries]") {
  database db;
  REQUIRE(PQsendQuery(db.get(), "select 1") == 1);
  CHECK(postgres_query(weir::background(), db.get(), "select 2").text == "another command is already in progress\n");
  while (PGresult* const result = PQgetResult(db.get())) PQclear(result);
  CHECK(db.is_usable());
  CHECK(PQisnonblocking(db.get()) == 0);
}

TEST_CASE("postgres_query: COPY is refused", "[queries]") {
  for (const char* sql : {"copy (select generate_series(1, 100000)) to stdout", "copy t from stdin"}) {
    INFO(sql);
    database db;
    REQUIRE(db.run("create temporary table t(x int)") == std::error_code());
    CHECK(db.run(sql) == sqlstate("0A000"));
    CHECK(PQstatus(db.get()) == CONNECTION_BAD);
  }
}

TEST_CASE("postgres_query: returns although the server does not", "[queries][concurrent]") {
  const auto check_is_given_up = [](database& db, const char* sql, std::initializer_list<const char*> parameters) {
    auto [ctx, cancel] = weir::with_timeout(weir::background(), 20ms);
    // If it waited on, this would last until ctest's limit.
    const postgres_answer answer = postgres_query(ctx, db.get(), sql, parameters, 20ms);
    CHECK(answer.error == weir::context_errc::deadline_exceeded);
    CHECK(PQstatus(db.get()) == CONNECTION_BAD);
  };
  database db;
  SECTION("its backend does not look at the signal") {
    const stopped backend(db.backend());
    check_is_given_up(db, "select 1", {});
  }
  SECTION("its backend does not read") {
    const stopped backend(db.backend());
    const std::string long_one(64 << 20, 'x');
    check_is_given_up(db, "select length($1)", {long_one.c_str()});
  }
  SECTION("it does not see to the cancel") {
    const stopped listener(parent_of(db.backend()));
    check_is_given_up(db, "select pg_sleep(600)", {});
  }
  CHECK(database().is_usable());
}

TEST_CASE("postgres_query: a cancel that comes before the query is begun is not the last", "[queries][concurrent]") {
  database db;
  const stopped backend(db.backend());
  std::jthread waker([process = db.backend()] {
    // Signalled, and the query not read yet: a backend that goes on now forgets the signal.
    while (!has_pending(process, SIGINT)) std::this_thread::yield();
    ::kill(process, SIGCONT);
  });
  auto [ctx, cancel] = weir::with_timeout(weir::background(), 20ms);
  const postgres_answer answer = postgres_query(ctx, db.get(), "select pg_sleep(600)", {}, 1min);
  waker.join();
  CHECK(answer.error == weir::context_errc::deadline_exceeded);
  CHECK(db.is_usable());
}

TEST_CASE("postgres_query: an end is not missed, however close to the beginning", "[queries][concurrent]") {
  database db;
  ender other;
  for (int round = 0; round < 100; ++round) {
    auto [ctx, cancel] = weir::with_cancel(weir::background());
    other.end_soon(cancel.share(), round % 50);
    // If it were missed, this would last until ctest's limit.
    REQUIRE(db.run(ctx, "select pg_sleep(600)") == weir::context_errc::canceled);
  }
}

TEST_CASE("postgres_query: an end that comes late does not strike the next query", "[queries][concurrent]") {
  database db;
  ender other;
  int finished = 0;
  for (int round = 0; round < 300; ++round) {
    auto [ctx, cancel] = weir::with_cancel(weir::background());
    other.end_soon(cancel.share(), round * 30);
    const std::error_code error = db.run(ctx, "select count(*) from generate_series(1, 10000)");
    REQUIRE((!error || error == weir::context_errc::canceled));
    finished += !error;
    REQUIRE(db.value("select count(*) from generate_series(1, 1000)") == "1000");
  }
  INFO(finished << " of 300 were finished before they were to end");
  SUCCEED();
}
