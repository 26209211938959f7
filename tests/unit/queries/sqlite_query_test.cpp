// What examples/12_queries/sqlite_query.hpp says of itself; PostgreSQL's half needs a server: tests/integration.
#include <sqlite3.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace {

std::atomic<bool> interrupting = false;

/// Lasts as long as for a thread that is preempted in it: whoever goes on without waiting for it is found out.
void slow_interrupt(sqlite3* connection) {
  interrupting = true;
  std::this_thread::sleep_for(std::chrono::microseconds(50));
  sqlite3_interrupt(connection);
  interrupting = false;
}

} // namespace

#define sqlite3_interrupt slow_interrupt
#include "12_queries/sqlite_query.hpp"
#undef sqlite3_interrupt

#include "log/temporary_directory.hpp"
#include "queries/ender.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>

using namespace std::chrono_literals;

namespace {

constexpr const char* endless =
    "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n";

class database {
 public:
  explicit database(const std::string& path = ":memory:") {
    REQUIRE(sqlite3_open(path.c_str(), &connection_) == SQLITE_OK);
  }
  database(const database&) = delete;
  ~database() { CHECK(sqlite3_close(connection_) == SQLITE_OK); } // fails if a statement is left

  sqlite3* get() { return connection_; }

  template <class OnRow>
  std::error_code run(const weir::context& ctx, const std::string& sql, OnRow on_row) {
    return sqlite_query(ctx, connection_, sql.c_str(), on_row);
  }
  std::error_code run(const weir::context& ctx, const std::string& sql) {
    return run(ctx, sql, [](sqlite3_stmt*) {});
  }

  /// The one number that a query gives which nothing may end.
  long long number(const std::string& sql) {
    long long found = -1;
    CHECK(run(weir::background(), sql, [&](sqlite3_stmt* row) { found = sqlite3_column_int64(row, 0); }) ==
          std::error_code());
    return found;
  }

 private:
  sqlite3* connection_ = nullptr;
};

/// Gives the database a function end_context(), which ends `cancel`'s context and gives 7.
void add_end_context(database& db, weir::cancel_function& cancel) {
  const auto function = [](sqlite3_context* call, int, sqlite3_value**) {
    (*static_cast<weir::cancel_function*>(sqlite3_user_data(call)))();
    sqlite3_result_int(call, 7);
  };
  REQUIRE(sqlite3_create_function(db.get(), "end_context", 0, SQLITE_UTF8, &cancel, function, nullptr, nullptr) ==
          SQLITE_OK);
}

} // namespace

TEST_CASE("sqlite_query: a query without end ends with its context, and the connection is usable", "[queries]") {
  database db;
  auto [ctx, cancel] = weir::with_timeout(weir::background(), 20ms);
  CHECK(db.run(ctx, endless) == weir::context_errc::deadline_exceeded);
  CHECK(db.number("select 6 * 7") == 42);
}

TEST_CASE("sqlite_query: gives the rows, under the context", "[queries]") {
  database db;
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  std::string rows;
  bool is_current = true;
  CHECK(db.run(ctx, "values (1), (2), (3)", [&, &made = ctx](sqlite3_stmt* row) {
    rows += std::to_string(sqlite3_column_int(row, 0));
    is_current = is_current && weir::current_context() == made;
  }) == std::error_code());
  CHECK(rows == "123");
  CHECK(is_current);
}

TEST_CASE("sqlite_query: begins nothing under a context that is done", "[queries]") {
  database db;
  db.run(weir::background(), "create table t(x)");
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  cancel();
  CHECK(db.run(ctx, "insert into t values (1)") == weir::context_errc::canceled);
  CHECK(db.number("select count(*) from t") == 0);
}

TEST_CASE("sqlite_query: what is finished stays so, though the context has ended meanwhile", "[queries]") {
  database db;
  db.run(weir::background(), "create table t(x primary key)");
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  weir::cancel_function end = cancel.share();
  add_end_context(db, end);
  CHECK(db.run(ctx, "insert into t values (end_context())") == std::error_code());
  CHECK(ctx.done());
  CHECK(db.number("select x from t") == 7);
}

TEST_CASE("sqlite_query: an error of the database's own is not the context's", "[queries]") {
  database db;
  db.run(weir::background(), "create table t(x unique)");
  db.run(weir::background(), "insert into t values (7)");
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  weir::cancel_function end = cancel.share();
  add_end_context(db, end);
  const std::error_code error = db.run(ctx, "insert into t values (end_context())");
  CHECK(ctx.done());
  CHECK(error == std::error_code(SQLITE_CONSTRAINT, sqlite_category()));
  CHECK(error.message() == "constraint failed");
  CHECK(sqlite3_errmsg(db.get()) == std::string("UNIQUE constraint failed: t.x"));
}

TEST_CASE("sqlite_query: what cannot be prepared is an error", "[queries]") {
  database db;
  CHECK(db.run(weir::background(), "select x from nowhere") == std::error_code(SQLITE_ERROR, sqlite_category()));
  CHECK(sqlite3_errmsg(db.get()) == std::string("no such table: nowhere"));
  CHECK(db.run(weir::background(), "") == std::error_code(SQLITE_MISUSE, sqlite_category()));
}

TEST_CASE("sqlite_query: an interrupt of others' is not the context's", "[queries]") {
  database db;
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  const std::error_code error = db.run(ctx, "values (1), (2)", [&](sqlite3_stmt*) { sqlite3_interrupt(db.get()); });
  CHECK(error == std::error_code(SQLITE_INTERRUPT, sqlite_category()));
  CHECK(db.number("select 6 * 7") == 42);
}

TEST_CASE("sqlite_query: a row's exception leaves nothing behind", "[queries]") {
  database db;
  auto [ctx, cancel] = weir::with_cancel(weir::background());
  const auto refuse = [](sqlite3_stmt*) { throw std::runtime_error("no"); };
  CHECK_THROWS_WITH(db.run(ctx, "values (1), (2)", refuse), "no");
  cancel();
  CHECK(db.number("select 6 * 7") == 42);
}

TEST_CASE("sqlite_query: an interrupted insert takes its transaction back", "[queries]") {
  database db;
  db.run(weir::background(), "create table t(x)");
  db.run(weir::background(), "begin");
  db.run(weir::background(), "insert into t values (0)");
  auto [ctx, cancel] = weir::with_timeout(weir::background(), 20ms);
  CHECK(db.run(ctx, std::string("insert into t ") + endless) == weir::context_errc::deadline_exceeded);
  CHECK(sqlite3_get_autocommit(db.get()) != 0);
  CHECK(db.number("select count(*) from t") == 0);
}

TEST_CASE("sqlite_query: the wait for another connection's lock ends, too", "[queries]") {
  const temporary_directory directory;
  database holder(directory.file("a.db")), db(directory.file("a.db"));
  REQUIRE(holder.run(weir::background(), "create table t(x)") == std::error_code());
  REQUIRE(holder.run(weir::background(), "begin exclusive") == std::error_code());
  sqlite3_busy_handler(db.get(), sqlite_wait_for_lock, nullptr);

  {
    INFO("as it is prepared: the schema is not known yet");
    auto [ctx, cancel] = weir::with_timeout(weir::background(), 20ms);
    CHECK(db.run(ctx, "insert into t values (1)") == weir::context_errc::deadline_exceeded);
  }
  CHECK(holder.run(weir::background(), "commit") == std::error_code());
  CHECK(db.run(weir::background(), "insert into t values (2)") == std::error_code());
  REQUIRE(holder.run(weir::background(), "begin exclusive") == std::error_code());
  {
    INFO("as it runs");
    auto [ctx, cancel] = weir::with_timeout(weir::background(), 20ms);
    CHECK(db.run(ctx, "insert into t values (3)") == weir::context_errc::deadline_exceeded);
  }
  CHECK(holder.run(weir::background(), "commit") == std::error_code());
  CHECK(db.number("select x from t") == 2);
}

TEST_CASE("sqlite_query: an end is not missed, however close to the beginning", "[queries][concurrent]") {
  database db;
  ender other;
  for (int round = 0; round < 500; ++round) {
    auto [ctx, cancel] = weir::with_cancel(weir::background());
    other.end_soon(cancel.share(), round % 50);
    // If it were missed, this would last until ctest's limit.
    REQUIRE(db.run(ctx, endless) == weir::context_errc::canceled);
  }
}

TEST_CASE("sqlite_query: an end that comes late does not strike the next query", "[queries][concurrent]") {
  database db;
  const std::string count = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 50) "
                            "select count(*) from n";
  ender other;
  int finished = 0;
  for (int round = 0; round < 1000; ++round) {
    auto [ctx, cancel] = weir::with_cancel(weir::background());
    other.end_soon(cancel.share(), round % 100);
    const std::error_code error = db.run(ctx, count);
    REQUIRE_FALSE(interrupting);
    REQUIRE((!error || error == weir::context_errc::canceled));
    finished += !error;
    REQUIRE(db.number(count) == 50);
  }
  INFO(finished << " of 1000 were finished before they were to end");
  SUCCEED();
}

TEST_CASE("sqlite_query: an end that comes late does not touch a connection that is closed",
          "[queries][concurrent]") {
  ender other;
  for (int round = 0; round < 300; ++round) {
    auto [ctx, cancel] = weir::with_cancel(weir::background());
    database db;
    other.end_soon(cancel.share(), round % 100);
    const std::error_code error = db.run(ctx, "values (1), (2)");
    REQUIRE_FALSE(interrupting);
    REQUIRE((!error || error == weir::context_errc::canceled));
  }
}
