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
      ::weir::logger& weir_logger_ = (logger_);                                                                      \
      if (weir_logger_.enabled(severity_)) {                                                                         \
        using weir_recorded_ = decltype(::weir::detail::recorded_as(__VA_ARGS__));                                   \
        static constinit const ::weir::detail::call_site weir_site_{                                                 \
            (format_), __FILE__, __LINE__, !weir_recorded_::as_they_are, false, weir_recorded_::types};              \
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
