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
/// `logger_`: a weir::logger, evaluated once. `severity_`: a constant, any level but off; for one that is known at run
/// time there is log.log(). `format_`: a string literal in fmt's syntax; then its arguments, then fields. A statement:
/// it has no value and wants a semicolon.
/// Errors: a wrong format, level or field does not compile; it never throws but for what evaluating the arguments
/// throws. Thread safety, lifetime and cost: as weir::logger.
#define WEIR_LOG(logger_, severity_, format_, ...)                                                                   \
  WEIR_LOG_NUMBERED(__COUNTER__, logger_, severity_, format_ __VA_OPT__(, ) __VA_ARGS__)
// The names of what is in scope where the arguments are evaluated are each statement's own: in the arguments there
// may be other statements, and -Wshadow. Of the static variables, which are not, the names are always the same: an
// inline function is to have them once in a program.
#define WEIR_LOG_NAME(prefix_, number_) prefix_##number_
#define WEIR_LOG_NUMBERED(number_, ...)                                                                              \
  WEIR_LOG_NAMED(WEIR_LOG_NAME(weir_logger_, number_), WEIR_LOG_NAME(weir_arguments_, number_),                      \
                 WEIR_LOG_NAME(weir_site_, number_), __VA_ARGS__)
#define WEIR_LOG_NAMED(logger_name_, arguments_name_, site_name_, logger_, severity_, format_, ...)                  \
  do {                                                                                                               \
    if constexpr ((severity_) >= ::weir::level::WEIR_LOG_FLOOR) {                                                    \
      const ::weir::logger& logger_name_ = (logger_);                                                                \
      if (logger_name_.enabled(severity_)) {                                                                         \
        using arguments_name_ = decltype(::weir::detail::types_of(__VA_ARGS__));                                     \
        const ::weir::detail::call_site* site_name_;                                                                 \
        {                                                                                                            \
          static constinit const ::weir::detail::call_site weir_site_ =                                              \
              ::weir::detail::describe(arguments_name_(), (format_), __FILE__, __LINE__, __func__);                  \
          site_name_ = &weir_site_;                                                                                  \
        }                                                                                                            \
        logger_name_.log_statement<(severity_)>(*site_name_, (format_)__VA_OPT__(, ) __VA_ARGS__);                   \
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
/// that did, if any were; where no record follows, a line of the log's own says so, some seconds later or when the
/// stream ends (not for once() and first_n(), nor for a limit of your own without a `take_unreported()`). Without the
/// statement, as an object of yours:
///
///   weir::rate_limit limit(5, 1s);
///   if (limit.pass()) log.warn("…");
///
/// Parameters and errors as of WEIR_LOG; `limit_`: a constant expression, evaluated at compile time. The arguments
/// are evaluated only for what passes. Below the logger's threshold the limit is neither asked nor used up: work that
/// is recorded (recording.hpp) keeps every record. Cost: below the threshold as WEIR_LOG; held back, what the limit's
/// documentation says.
#define WEIR_LOG_LIMITED(logger_, severity_, limit_, format_, ...)                                                   \
  WEIR_LOG_LIMITED_NUMBERED(__COUNTER__, logger_, severity_, limit_, format_ __VA_OPT__(, ) __VA_ARGS__)
#define WEIR_LOG_LIMITED_NUMBERED(number_, ...)                                                                      \
  WEIR_LOG_LIMITED_NAMED(WEIR_LOG_NAME(weir_logger_, number_), WEIR_LOG_NAME(weir_permit_, number_),                 \
                         WEIR_LOG_NAME(weir_arguments_, number_), WEIR_LOG_NAME(weir_site_, number_), __VA_ARGS__)
#define WEIR_LOG_LIMITED_NAMED(logger_name_, permit_name_, arguments_name_, site_name_, logger_, severity_, limit_,  \
                               format_, ...)                                                                         \
  do {                                                                                                               \
    if constexpr ((severity_) >= ::weir::level::WEIR_LOG_FLOOR) {                                                    \
      const ::weir::logger& logger_name_ = (logger_);                                                                \
      if (logger_name_.enabled(severity_)) {                                                                         \
        ::weir::permit permit_name_;                                                                                 \
        {                                                                                                            \
          static constinit auto weir_limit_ = (limit_);                                                              \
          static constinit ::weir::detail::limited_statement weir_statement_(weir_limit_, (severity_), __FILE__,     \
                                                                             __LINE__, __func__);                    \
          /* What is only recorded is not in the log yet, and uses nothing up. */                                    \
          permit_name_ = logger_name_.threshold() <= (severity_) ? weir_limit_.pass() : ::weir::permit{true, 0};     \
          if (!permit_name_) logger_name_.count_suppressed(weir_statement_);                                         \
        }                                                                                                            \
        if (permit_name_) {                                                                                          \
          using arguments_name_ = decltype(::weir::detail::types_of(__VA_ARGS__));                                   \
          const ::weir::detail::call_site* site_name_;                                                               \
          {                                                                                                          \
            /* Every record carries the count; where it is 0, the description does not speak of it. */               \
            static constinit const ::weir::detail::call_site weir_sites_[]{                                          \
                ::weir::detail::describe(arguments_name_(), (format_), __FILE__, __LINE__, __func__),                \
                ::weir::detail::describe_counted(arguments_name_(), (format_), __FILE__, __LINE__, __func__)};       \
            site_name_ = &weir_sites_[permit_name_.suppressed != 0 ? 1 : 0];                                         \
          }                                                                                                          \
          logger_name_.log_statement<(severity_)>(*site_name_, (format_)__VA_OPT__(, ) __VA_ARGS__,                  \
                                                  ::weir::field<"suppressed">(permit_name_.suppressed));             \
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
