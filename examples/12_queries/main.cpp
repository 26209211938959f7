// Database queries that end with their context: SQLite's by sqlite3_interrupt(), PostgreSQL's by PQcancel().
//
//   build/release/examples/12_queries [CONNINFO]
//   build/release/examples/12_queries 'host=localhost dbname=postgres'
//
// You will see queries of minutes that are given a quarter of a second: each ends with its context's error, some
// milliseconds late at the most, and the next query on the same connection is answered. The PostgreSQL half is left
// out unless there is a CONNINFO (it may be an empty one, for libpq's defaults) or PGHOST is set.
#include "postgres_query.hpp"
#include "sqlite_query.hpp"

#include <weir/context.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>

using namespace std::chrono_literals;

namespace {

void tell(const char* what, const weir::context& ctx, const std::error_code& error) {
  const auto now = weir::context::clock::now();
  const std::chrono::duration<double, std::milli> late = now - ctx.deadline().value_or(now);
  std::printf("%s: %s (%s:%d), %.1f ms after the context's end\n", what, error.message().c_str(),
              error.category().name(), error.value(), late.count());
}

void show_sqlite() {
  sqlite3* opened = nullptr;
  const int result = sqlite3_open(":memory:", &opened);
  const std::unique_ptr<sqlite3, int (*)(sqlite3*)> connection(opened, sqlite3_close);
  if (result != SQLITE_OK) throw std::system_error(result, sqlite_category(), "sqlite3_open");
  sqlite3_busy_handler(opened, sqlite_wait_for_lock, nullptr);

  {
    const auto [ctx, cancel] = weir::with_timeout(weir::background(), 250ms);
    const char* count = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 10000000000) "
                        "select count(*) from n";
    tell("sqlite: a count to 10^10", ctx, sqlite_query(ctx, opened, count, [](sqlite3_stmt*) {}));
  }
  const auto error = sqlite_query(weir::background(), opened, "select 6 * 7", [](sqlite3_stmt* row) {
    std::printf("sqlite: the next query: 6 * 7 = %d\n", sqlite3_column_int(row, 0));
  });
  if (error) throw std::system_error(error, sqlite3_errmsg(opened));
}

void show_postgres(const char* conninfo) {
  const std::unique_ptr<PGconn, void (*)(PGconn*)> connection(PQconnectdb(conninfo), PQfinish);
  if (PQstatus(connection.get()) != CONNECTION_OK) throw std::runtime_error(PQerrorMessage(connection.get()));

  for (const char* sql :
       {"select pg_sleep(60)", "select count(*) from generate_series(1, 100000) a, generate_series(1, 100000) b"}) {
    const auto [ctx, cancel] = weir::with_timeout(weir::background(), 250ms);
    const auto answer = postgres_query(ctx, connection.get(), sql);
    tell(("postgresql: " + std::string(sql)).c_str(), ctx, answer.error);
  }
  const auto answer = postgres_query(weir::background(), connection.get(), "select $1::int * 7", {"6"});
  if (answer.error) throw std::system_error(answer.error, answer.text);
  std::printf("postgresql: the next query: 6 * 7 = %s\n", PQgetvalue(answer.result.get(), 0, 0));
}

} // namespace

int main(int count, char** words) try {
  show_sqlite();
  if (count > 1 || std::getenv("PGHOST") != nullptr)
    show_postgres(count > 1 ? words[1] : "");
  else
    std::printf("postgresql: left out, as neither a CONNINFO nor PGHOST says where the server is\n");
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "12_queries: %s\n", error.what());
  return 1;
}
