// Log statements as macros: what a function call cannot have is a static description of its own.
#pragma once

#include "weir/log/logger.hpp"

/// Statements below this level are left out of the program: they are checked like all others, but their arguments are
/// not evaluated, and nothing of them is compiled. One of trace (default), debug, info, warn, error, critical, off.
/// Define it for a whole target, e.g. -DWEIR_LOG_FLOOR=info. It is for macros only: log.debug("…") stays, since a
/// function's arguments are evaluated in any case.
#ifndef WEIR_LOG_FLOOR
#define WEIR_LOG_FLOOR trace
#endif

/// WEIR_LOG(log, weir::level::info, "sent {} bytes", n, weir::field<"file">(name));
///
/// The same as log.info(...), with two differences: the statement has a description of its own, so that the record
/// carries one pointer where the function form carries file, line and format; and the arguments are not evaluated
/// when the level is below the logger's threshold.
///
/// `logger_`: a weir::logger, evaluated once. `severity_`: a constant, any level but off. `format_`: a string literal
/// in fmt's syntax; then its arguments, then fields. A statement: it has no value and wants a semicolon.
/// Errors: a wrong format, level or field does not compile; it never throws but for what evaluating the arguments
/// throws. Thread safety, lifetime and cost: as weir::logger.
#define WEIR_LOG(logger_, severity_, format_, ...)                                                                   \
  do {                                                                                                               \
    if constexpr ((severity_) >= ::weir::level::WEIR_LOG_FLOOR) {                                                    \
      const ::weir::logger& weir_logger_ = (logger_);                                                                \
      if (weir_logger_.enabled(severity_)) {                                                                         \
        using weir_recorded_ = decltype(::weir::detail::recorded_as(__VA_ARGS__));                                   \
        static constinit const ::weir::detail::call_site weir_site_{                                                 \
            (format_), __FILE__, __LINE__, __func__, !weir_recorded_::as_they_are, false, weir_recorded_::types};    \
        weir_logger_.log_statement<(severity_)>(weir_site_, (format_)__VA_OPT__(, ) __VA_ARGS__);                    \
      }                                                                                                              \
    }                                                                                                                \
  } while (false)

/// WEIR_INFO(log, "sent {} bytes", n): WEIR_LOG with the level in its name, as are the five others.
#define WEIR_TRACE(logger_, ...) WEIR_LOG(logger_, ::weir::level::trace, __VA_ARGS__)
#define WEIR_DEBUG(logger_, ...) WEIR_LOG(logger_, ::weir::level::debug, __VA_ARGS__)
#define WEIR_INFO(logger_, ...) WEIR_LOG(logger_, ::weir::level::info, __VA_ARGS__)
#define WEIR_WARN(logger_, ...) WEIR_LOG(logger_, ::weir::level::warn, __VA_ARGS__)
#define WEIR_ERROR(logger_, ...) WEIR_LOG(logger_, ::weir::level::error, __VA_ARGS__)
#define WEIR_CRITICAL(logger_, ...) WEIR_LOG(logger_, ::weir::level::critical, __VA_ARGS__)

/// WEIR_WARN_LIMITED(log, weir::rate_limit(5, 1s), "queue full: {} waiting", n);
///
/// A statement that is not always logged: once(), first_n(10), every_n(100), rate_limit(5, 1s), sample(0.01),
/// sample_traces(0.01), see there, or a limit of your own: what is initialised by a constant expression and has a
/// `permit pass() noexcept`. The limit is the statement's own, one for all threads (in a template, one for each
/// instantiation). A record that passes says in its field `suppressed` how many were held back since the last one
/// that did, if any were. Without the statement, as an object of yours:
///
///   weir::rate_limit limit(5, 1s);
///   if (limit.pass()) log.warn("…");
///
/// Parameters and errors as of WEIR_LOG; `limit_`: a constant expression, evaluated at compile time. The arguments
/// are evaluated only for what passes. Cost: below the logger's threshold as WEIR_LOG; held back, what the limit's
/// documentation says.
#define WEIR_LOG_LIMITED(logger_, severity_, limit_, format_, ...)                                                   \
  do {                                                                                                               \
    if constexpr ((severity_) >= ::weir::level::WEIR_LOG_FLOOR) {                                                    \
      const ::weir::logger& weir_logger_ = (logger_);                                                                \
      if (weir_logger_.enabled(severity_)) {                                                                         \
        static constinit auto weir_limit_ = (limit_);                                                                \
        if (const auto weir_permit_ = weir_limit_.pass()) {                                                          \
          using weir_recorded_ = decltype(::weir::detail::recorded_as(__VA_ARGS__));                                 \
          using weir_counted_ = decltype(::weir::detail::recorded_as(                                                \
              __VA_ARGS__ __VA_OPT__(, )::weir::field<"suppressed">(weir_permit_.suppressed)));                      \
          /* Every record carries the count; where it is 0, the description does not speak of it. */                 \
          static constinit const ::weir::detail::call_site weir_sites_[]{                                            \
              {(format_), __FILE__, __LINE__, __func__, !weir_recorded_::as_they_are, false, weir_recorded_::types}, \
              {(format_), __FILE__, __LINE__, __func__, !weir_counted_::as_they_are, false, weir_counted_::types}};  \
          weir_logger_.log_statement<(severity_)>(weir_sites_[weir_permit_.suppressed != 0 ? 1 : 0],                 \
                                                  (format_)__VA_OPT__(, ) __VA_ARGS__,                               \
                                                  ::weir::field<"suppressed">(weir_permit_.suppressed));             \
        } else {                                                                                                     \
          weir_logger_.count_suppressed();                                                                           \
        }                                                                                                            \
      }                                                                                                              \
    }                                                                                                                \
  } while (false)

/// WEIR_INFO_LIMITED(log, weir::every_n(100), "sent {} bytes", n): the same with the level in its name, as are the
/// five others.
#define WEIR_TRACE_LIMITED(logger_, ...) WEIR_LOG_LIMITED(logger_, ::weir::level::trace, __VA_ARGS__)
#define WEIR_DEBUG_LIMITED(logger_, ...) WEIR_LOG_LIMITED(logger_, ::weir::level::debug, __VA_ARGS__)
#define WEIR_INFO_LIMITED(logger_, ...) WEIR_LOG_LIMITED(logger_, ::weir::level::info, __VA_ARGS__)
#define WEIR_WARN_LIMITED(logger_, ...) WEIR_LOG_LIMITED(logger_, ::weir::level::warn, __VA_ARGS__)
#define WEIR_ERROR_LIMITED(logger_, ...) WEIR_LOG_LIMITED(logger_, ::weir::level::error, __VA_ARGS__)
#define WEIR_CRITICAL_LIMITED(logger_, ...) WEIR_LOG_LIMITED(logger_, ::weir::level::critical, __VA_ARGS__)
