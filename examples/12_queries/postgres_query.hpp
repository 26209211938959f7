// PostgreSQL queries that end early when their context does. Needs weir and libpq, nothing else of this directory.
#pragma once

#include <weir/context.hpp>

#include <libpq-fe.h>

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <future>
#include <initializer_list>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

/// SQLSTATEs, PostgreSQL's error codes, as numbers in base 36.
inline const std::error_category& sqlstate_category() noexcept {
  class category final : public std::error_category {
    const char* name() const noexcept override { return "postgresql"; }
    std::string message(int code) const override {
      std::string state(5, '0');
      for (auto digit = state.rbegin(); digit != state.rend(); ++digit, code /= 36)
        *digit = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[code % 36];
      return "SQLSTATE " + state;
    }
  };
  static const category instance;
  return instance;
}

/// The error for a SQLSTATE, five digits and capital letters; for null, as when the connection broke, 08006.
inline std::error_code sqlstate(const char* state) noexcept {
  int code = 0;
  for (const char each : std::string_view(state ? state : "08006"))
    code = code * 36 + (each <= '9' ? each - '0' : each - 'A' + 10);
  return {code, sqlstate_category()};
}

/// What came of a query.
struct postgres_answer {
  using result_ptr = std::unique_ptr<PGresult, void (*)(PGresult*)>;
  std::error_code error;
  std::string text{};                  ///< PostgreSQL's words for its error, if it said any
  result_ptr result{nullptr, PQclear}; ///< of an error, too; null if none came
};

/// A query that is on its way, or has been.
class postgres_call {
 public:
  using clock = std::chrono::steady_clock;

  explicit postgres_call(PGconn* connection)
      : connection_(connection), was_nonblocking_(PQisnonblocking(connection)) {
    PQsetnonblocking(connection_, 1); // sending is not to block either
  }
  postgres_call(const postgres_call&) = delete;
  postgres_call& operator=(const postgres_call&) = delete;
  /// Leaves the connection ready for the next query, or shut.
  ~postgres_call() {
    if (on_its_way_) shut();
    PQsetnonblocking(connection_, was_nonblocking_);
  }

  void send(const char* sql, std::initializer_list<const char*> parameters) {
    on_its_way_ = PQsendQueryParams(connection_, sql, static_cast<int>(parameters.size()), nullptr,
                                    parameters.begin(), nullptr, nullptr, 0) == 1;
    if (on_its_way_) return;
    answer_.error = sqlstate(nullptr);
    answer_.text = PQerrorMessage(connection_);
  }

  /// Waits until the answer is there, until `end` is readable (a descriptor, or -1) or until `limit` has come.
  /// Returns whether the answer is there.
  bool wait(int end, std::optional<clock::time_point> limit = {}) {
    while (on_its_way_) {
      const bool unsent = PQflush(connection_) != 0;
      const int socket = PQsocket(connection_);
      if (socket < 0) { // there is nothing to wait for: the connection broke as it was written to
        read();
        continue;
      }
      pollfd ready[] = {{socket, static_cast<short>(unsent ? POLLIN | POLLOUT : POLLIN), 0}, {end, POLLIN, 0}};
      if (::poll(ready, 2, milliseconds_until(limit)) < 0) {
        if (errno == EINTR) continue;
        throw std::system_error(errno, std::generic_category(), "poll");
      }
      // An answer that has come is not given up because the context has ended, too; but a long one whose rows keep
      // coming must not hide that end.
      if (ready[0].revents != 0) read();
      if (on_its_way_ && (ready[1].revents != 0 || (limit && clock::now() >= *limit))) return false;
    }
    return true;
  }

  /// Has the server asked, on a thread of its own, to cancel what the connection runs. PQcancel() connects anew and
  /// blocks until the server has seen to it, with no limit of its own: the thread can be left behind.
  std::future<void> cancel() {
    std::shared_ptr<PGcancel> request(PQgetCancel(connection_), PQfreeCancel);
    std::packaged_task<void()> task([request = std::move(request)] {
      char why_not[256]; // whether the server could be asked shows in whether it answers
      PQcancel(request.get(), why_not, sizeof why_not);
    });
    std::future<void> asked = task.get_future();
    std::thread(std::move(task)).detach();
    return asked;
  }

  /// Breaks the connection: PQstatus() is CONNECTION_BAD afterwards, as if the server had gone.
  void shut() noexcept {
    on_its_way_ = false;
    ::shutdown(PQsocket(connection_), SHUT_RDWR);
    while (PQconsumeInput(connection_) == 1) {
      // What had come already; then it finds the end.
    }
  }

  postgres_answer take() { return std::move(answer_); }

 private:
  static int milliseconds_until(std::optional<clock::time_point> limit) {
    if (!limit) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*limit - clock::now()).count();
    return static_cast<int>(std::clamp<decltype(left)>(left, 0, std::numeric_limits<int>::max()));
  }

  void read() {
    const bool broken = PQconsumeInput(connection_) == 0; // then PQgetResult() says why, and does not block
    while (on_its_way_ && (broken || PQisBusy(connection_) == 0)) {
      if (PGresult* const result = PQgetResult(connection_))
        keep(result);
      else
        on_its_way_ = false;
    }
  }

  void keep(PGresult* given) {
    postgres_answer::result_ptr result(given, PQclear);
    if (answer_.error) return; // the first is the one that tells why
    switch (PQresultStatus(given)) {
    case PGRES_EMPTY_QUERY:
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
      break;
    case PGRES_COPY_IN:
    case PGRES_COPY_OUT:
    case PGRES_COPY_BOTH:
      answer_.error = sqlstate("0A000"); // feature_not_supported
      answer_.text = "COPY is not supported here";
      shut();
      break;
    default:
      answer_.error = sqlstate(PQresultErrorField(given, PG_DIAG_SQLSTATE));
      answer_.text = PQresultErrorMessage(given);
    }
    answer_.result = std::move(result);
  }

  PGconn* connection_;
  int was_nonblocking_;
  bool on_its_way_ = false;
  postgres_answer answer_;
};

/// Runs one statement, with parameters $1, $2, … as text (null for NULL), and waits for its whole answer.
/// Returns no error if the statement finished, even if `ctx` ended as well; ctx.error() if it was cancelled for that,
/// or not sent because `ctx` was done; else PostgreSQL's error.
/// The call lasts at most `patience` longer than `ctx`, whatever the server does: a connection that is not ready for
/// the next query by then is shut. COPY is not supported, and shuts it, too. A transaction has to be rolled back
/// after a cancelled statement as after any that failed. Errors: throws std::bad_alloc, and std::system_error if
/// there is no descriptor or thread left; the connection is shut then. Thread safety: as the connection. Cost: beside
/// the query an eventfd, and a thread for one that is cancelled.
inline postgres_answer postgres_query(const weir::context& ctx, PGconn* connection, const char* sql,
                                      std::initializer_list<const char*> parameters = {},
                                      std::chrono::milliseconds patience = std::chrono::seconds(2)) {
  using namespace std::chrono_literals;
  if (ctx.done()) return {ctx.error()};
  const weir::done_event ended(ctx);
  postgres_call call(connection);
  call.send(sql, parameters);
  if (call.wait(ended.fd())) return call.take();

  // A cancel that reaches the server before it has begun with the query is lost: one asks until there is an answer.
  const auto limit = postgres_call::clock::now() + patience;
  bool answered = false, asked_in_time = true;
  for (auto pause = 10ms; !answered && asked_in_time && postgres_call::clock::now() < limit; pause *= 2) {
    const std::future<void> asked = call.cancel();
    answered = call.wait(-1, std::min(limit, postgres_call::clock::now() + pause));
    // PQcancel() returns when the server has sent its backend the signal. Until then a cancel that is too late for
    // this query may still strike the next one; from then on it cannot, as a backend ignores it while it is idle.
    asked_in_time = asked.wait_until(limit) == std::future_status::ready;
  }
  if (!answered || !asked_in_time) call.shut();

  postgres_answer answer = call.take();
  if (!answered || answer.error == sqlstate("57014")) answer.error = ctx.error(); // query_canceled
  return answer;
}
