// SQLite statements that end early when their context does. Needs weir and SQLite, and nothing else of this
// directory.
#pragma once

#include <weir/context.hpp>

#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>

/// SQLite's result codes.
inline const std::error_category& sqlite_category() noexcept {
  class category final : public std::error_category {
    const char* name() const noexcept override { return "sqlite"; }
    std::string message(int code) const override { return sqlite3_errstr(code); }
  };
  static const category instance;
  return instance;
}

/// A statement, and what it is left to at the end: sqlite3_finalize or sqlite3_reset.
using sqlite_statement = std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)>;

/// While it lives, the end of a context interrupts what runs on a connection; once it is gone, nothing comes any
/// more.
class sqlite_interrupter {
 public:
  sqlite_interrupter(const weir::context& ctx, sqlite3* connection)
      : target_(std::make_shared<target>(connection)),
        registration_(ctx.on_done([target = target_] { target->interrupt(); })) {}
  sqlite_interrupter(const sqlite_interrupter&) = delete;
  sqlite_interrupter& operator=(const sqlite_interrupter&) = delete;
  ~sqlite_interrupter() {
    registration_.stop();
    target_->leave();
  }

 private:
  /// Shared with the callback, since stop() does not wait for one that has begun. The lock does: whoever leaves may
  /// start the next query, or close the connection, and no interrupt will strike it.
  class target {
   public:
    explicit target(sqlite3* connection) : connection_(connection) {}
    void interrupt() {
      const std::lock_guard hold(mutex_);
      if (connection_) sqlite3_interrupt(connection_); // sets a flag, so nobody waits for long
    }
    void leave() {
      const std::lock_guard hold(mutex_);
      connection_ = nullptr;
    }

   private:
    std::mutex mutex_;
    sqlite3* connection_;
  };

  std::shared_ptr<target> target_;
  weir::done_registration registration_;
};

/// What a failed call of SQLite's comes to: the context's error if it was given up for that, else SQLite's own.
inline std::error_code sqlite_error(const weir::context& ctx, int result) {
  const int kind = result & 0xff; // what remains of an extended code
  if ((kind == SQLITE_INTERRUPT || kind == SQLITE_BUSY) && ctx.done()) return ctx.error();
  return {result, sqlite_category()};
}

/// Runs `statement`, prepared, bound and not begun, to its end, and calls `on_row(statement)` for each row; leaves it
/// reset on every way out. `ctx` is the thread's current context meanwhile.
/// Returns no error if the statement finished, even if `ctx` ended as well; ctx.error() if it was interrupted for
/// that, or not begun because `ctx` was done; else SQLite's error, for which sqlite3_errmsg() has the words. The rows
/// that came before an error are not all there are.
/// An interrupt is the connection's: other statements that are half-read on it are struck, too, and an explicit
/// transaction in which INSERT, UPDATE or DELETE is interrupted is rolled back. VACUUM cannot be run by this.
/// Errors: throws std::bad_alloc, and what `on_row` throws. Thread safety: as the connection.
/// Cost: some 2 µs, for a statement of its own.
template <std::invocable<sqlite3_stmt*> OnRow>
std::error_code sqlite_query(const weir::context& ctx, sqlite3_stmt* statement, OnRow&& on_row) {
  if (ctx.done()) return ctx.error();
  const weir::context_scope current(ctx);
  sqlite3* const connection = sqlite3_db_handle(statement);

  // Reset last of all, when it sets the connection's error text again.
  const sqlite_statement begun(statement, sqlite3_reset);
  // SQLite forgets an interrupt when a statement is begun while no other runs, and the context may end between the
  // look above and the first step. Beside one that is half-read all along, it is remembered until both have ended.
  sqlite3_stmt* companion = nullptr;
  int result = sqlite3_prepare_v2(connection, "select 1", -1, &companion, nullptr);
  const sqlite_statement half_read(companion, sqlite3_finalize);
  if (result == SQLITE_OK) result = sqlite3_step(companion);
  // Gone before the statements end: what a late interrupt has left behind is forgotten with them.
  const sqlite_interrupter interrupter(ctx, connection);

  while (result == SQLITE_ROW && (result = sqlite3_step(statement)) == SQLITE_ROW) on_row(statement);
  return result == SQLITE_DONE ? std::error_code() : sqlite_error(ctx, result);
}

/// As above, for a statement that is made of `sql` for this one time; preparing it may have to wait for a lock, too.
template <std::invocable<sqlite3_stmt*> OnRow>
std::error_code sqlite_query(const weir::context& ctx, sqlite3* connection, const char* sql, OnRow&& on_row) {
  if (ctx.done()) return ctx.error();
  const weir::context_scope current(ctx);
  sqlite3_stmt* made = nullptr;
  const int result = sqlite3_prepare_v2(connection, sql, -1, &made, nullptr);
  const sqlite_statement statement(made, sqlite3_finalize);
  return result == SQLITE_OK ? sqlite_query(ctx, made, on_row) : sqlite_error(ctx, result);
}

/// Has SQLite wait for other connections' locks for as long as the thread's current context is not done, or for some
/// five seconds if nothing can end that:
///   sqlite3_busy_handler(connection, sqlite_wait_for_lock, nullptr);
/// It takes the place of sqlite3_busy_timeout(), whose wait an interrupt does not end.
inline int sqlite_wait_for_lock(void*, int waits_before) noexcept {
  const weir::context ctx = weir::current_context();
  if (!ctx.can_be_done() && waits_before > 250) return 0;
  return ctx.wait_for(std::chrono::milliseconds(std::min(waits_before + 1, 20))) ? 0 : 1;
}
