// The answer to a request whose handler has run out of time, given while the handler goes on.
#pragma once

#include "weir/asio/post_on_done.hpp"
#include "weir/context.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <string_view>

namespace weir {

class http_response;

namespace detail {

class session;

inline constexpr std::string_view took_too_long_line = "the request took too long\n";
inline constexpr std::string_view took_too_long = took_too_long_line.substr(0, took_too_long_line.size() - 1);

/// Whether time has ended it, its own or that of a context around it.
inline bool is_out_of_time(const context& ctx) noexcept {
  return ctx.done() && ctx.deadline() &&
         (ctx.reason() == cancel_reason::deadline || ctx.reason() == cancel_reason::timeout);
}

/// What the client gets: 504 if it was the caller's own time, else 503.
inline unsigned status_when_late(cancel_reason reason) noexcept {
  return reason == cancel_reason::deadline ? 504 : 503;
}

/// From begin() to end(), or its destructor: when `ctx` ends because its time is over, and nothing has been sent yet,
/// the client gets `body`, with status_when_late(). Used within the handling of requests, on the session's executor.
/// Lifetime: the session, and what `body` refers to, outlive it. Cost: an allocation at the beginning, none in
/// begin().
class early_answer {
 public:
  explicit early_answer(session& whose);
  early_answer(http_response& response, const context& ctx, std::string_view body);
  early_answer(const early_answer&) = delete;
  early_answer& operator=(const early_answer&) = delete;
  ~early_answer() = default;

  void begin(const context& ctx, std::string_view body);
  void end() noexcept;

 private:
  struct give {
    early_answer* own;
    void operator()() const;
  };

  session& session_;
  context ctx_;
  std::string_view body_;
  post_on_done<boost::asio::any_io_executor, give> at_end_;
};

} // namespace detail
} // namespace weir
