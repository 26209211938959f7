// The front end: a named logger and its log calls.
#pragma once

#include "weir/log/call_site.hpp"
#include "weir/log/carried_fields.hpp"
#include "weir/log/format.hpp"
#include "weir/log/producer.hpp"
#include "weir/log/write_record.hpp"

#include <fmt/core.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace weir {

namespace detail {

/// For arguments that cannot travel: the message, or why there is none. False if there is no memory for either.
bool render_message(std::string& message, std::string_view format, fmt::format_args args) noexcept;

} // namespace detail

class log_stream;
class bound_logger;
struct overflow_rule;

/// A named source of records in a stream, obtained from log_stream::logger(). Thread-safe. A call below the threshold
/// costs a load and a compare; one above it a copy of its arguments into the thread's chunk: no lock, no system call,
/// no allocation in steady state. Calls never throw and do no I/O. Not async-signal-safe. Lifetime: its stream's;
/// once the stream is closed, calls are counted as dropped.
class logger {
 public:
  logger(detail::stream_front& stream, detail::logger_state& state, weir::level threshold) noexcept
      : looks_from_(threshold), source_{&stream, &state, threshold, &stream} {}
  logger(const logger&) = delete;
  logger& operator=(const logger&) = delete;

  std::string_view name() const noexcept { return source_.state->name; }

  /// The lowest level that is logged: the logger's own, or the one it inherits.
  weir::level threshold() const noexcept {
    // relaxed: a threshold orders nothing.
    return source_.written_from.load(std::memory_order_relaxed);
  }
  /// Gives the logger a level of its own, which all loggers below it ("http.client" is below "http") take over unless
  /// they have their own. Takes effect on other threads soon, not at once. Throws std::bad_alloc. Cost: a lock, and a
  /// search for each logger of the stream, so that a log call has none.
  void set_threshold(weir::level lowest);
  /// Gives up the logger's own level: it takes over its nearest ancestor's again, which in the end is the stream's.
  /// Otherwise as set_threshold().
  void inherit_threshold();
  /// What calls do from now on when the memory limit is reached; at first what log_options::overflow says.
  /// Thread-safe; takes effect on other threads soon, not at once. Throws std::invalid_argument if `rule` is out of
  /// range.
  void set_overflow(const overflow_rule& rule);
  /// Whether a call at this level has an effect: it is at or above the threshold, or this thread's work is recorded
  /// (recording.hpp).
  bool enabled(weir::level severity) const noexcept {
    // relaxed: a threshold orders nothing.
    if (severity < looks_from_.load(std::memory_order_relaxed) || severity == level::off) return false;
    return severity >= threshold() || detail::is_recorded();
  }

  /// A logger of the same name that adds `fields` (weir::field<"key">(value), copied) to each of its records. Throws
  /// std::bad_alloc.
  template <class... Fields>
  [[nodiscard]] bound_logger with(const Fields&... fields) const;

  /// Logs a message: a string literal in fmt's syntax, or another constant with static storage, its arguments, then
  /// fields (`weir::field<"key">(value)`). The format is checked at compile time. The macros of macros.hpp do the
  /// same and render faster: see there.
  template <class... Args>
  void trace(detail::located_format<std::type_identity_t<Args>...> format, const Args&... args) const noexcept {
    log_located<level::trace>(format, args...);
  }
  template <class... Args>
  void debug(detail::located_format<std::type_identity_t<Args>...> format, const Args&... args) const noexcept {
    log_located<level::debug>(format, args...);
  }
  template <class... Args>
  void info(detail::located_format<std::type_identity_t<Args>...> format, const Args&... args) const noexcept {
    log_located<level::info>(format, args...);
  }
  template <class... Args>
  void warn(detail::located_format<std::type_identity_t<Args>...> format, const Args&... args) const noexcept {
    log_located<level::warn>(format, args...);
  }
  template <class... Args>
  void error(detail::located_format<std::type_identity_t<Args>...> format, const Args&... args) const noexcept {
    log_located<level::error>(format, args...);
  }
  template <class... Args>
  void critical(detail::located_format<std::type_identity_t<Args>...> format, const Args&... args) const noexcept {
    log_located<level::critical>(format, args...);
  }
  /// The same at a level that is known only when the program runs; one of off or beyond is not logged.
  template <class... Args>
  void log(level severity, detail::located_format<std::type_identity_t<Args>...> format,
           const Args&... args) const noexcept {
    check_call<Args...>();
    if (severity < level::off && enabled(severity)) write_located(severity, format, args...);
  }

  /// Logs what is known only when the program runs, for bridges from other loggers and languages: `text` is written
  /// as it stands, braces and all, at the level and with the source position given. Both are copied, the position's
  /// strings too. A level of off or beyond is not logged. The time is that of this call, as of every record.
  /// Otherwise as the statements above. Cost: theirs, and a copy of the position.
  void log_text(level severity, std::string_view text, const source_position& where = {}) const noexcept;

  /// The macros' way in. To be called if enabled() only.
  template <level Severity, class... Args>
  [[gnu::always_inline]] void log_statement(const detail::call_site& site,
                                            detail::checked_format<std::type_identity_t<Args>...> format,
                                            const Args&... args) const noexcept {
    static_assert(Severity < level::off, "level::off is a threshold: nothing is logged at it");
    check_call<Args...>();
    if constexpr (detail::recorded<Args...>::as_they_are)
      if (!format.shows_address) return write(site, Severity, detail::to_loggable(args)...);
    if constexpr (detail::may_be_rendered_now<Args...>)
      render_now(site, Severity, site.format, std::tuple<>{}, detail::to_renderable(args)...);
  }

  /// For the macros, too: their statement's limit has held the record back.
  void count_suppressed(detail::limited_statement& statement) const noexcept {
    detail::count_suppressed(*source_.stream, statement);
  }
  /// Has the stream tell what was held back; the former does that as well.
  void tell_suppressed(detail::limited_statement& statement) const noexcept {
    detail::watch(*source_.stream, statement);
  }

 private:
  friend class detail::stream_core; // resolves thresholds

  template <class... Args>
  static constexpr void check_call() noexcept {
    static_assert(detail::fields_stand_last<Args...>(), "fields stand after the format's arguments");
    static_assert(detail::keys_differ<Args...>(), "two fields of one statement have the same key");
  }

  template <level Severity, class Format, class... Args>
  void log_located(const Format& format, const Args&... args) const noexcept {
    check_call<Args...>();
    if (enabled(Severity)) write_located(Severity, format, args...);
  }

  template <class Format, class... Args>
  [[gnu::always_inline]] void write_located(level severity, const Format& format, const Args&... args) const noexcept {
    const detail::call_text& text = format.text;
    using layout = detail::recorded<Args...>;
    if constexpr (layout::as_they_are)
      if (!format.shows_address)
        return write(detail::located_site<layout>, severity, text, detail::to_loggable(args)...);
    if constexpr (detail::may_be_rendered_now<Args...>)
      render_now(detail::located_site<detail::recorded_as_text<Args...>>, severity, {text.format, text.format_size},
                 std::tie(text), detail::to_renderable(args)...);
  }

  /// For arguments that cannot travel: the message is rendered here and travels as one string. `front`: what is
  /// recorded before it.
  template <class Front, class... Args>
  [[gnu::noinline]] void render_now(const detail::call_site& site, level severity, std::string_view format,
                                    const Front& front, const Args&... args) const noexcept;

  template <class... Loggable>
  [[gnu::always_inline]] void write(const detail::call_site& site, level severity,
                                    const Loggable&... args) const noexcept {
    detail::record_writer<detail::recorded_value_t<Loggable>...>::write(source_, site, severity,
                                                                        detail::recorded_value(args)...);
  }

  // The threshold, or what the flight recorder wants from below it. Here and not in the state: what a call waits for
  // before it reads the clock is one load then, not two in a row.
  std::atomic<weir::level> looks_from_;
  detail::record_source source_;

  friend class bound_logger;
};

/// What logger::with() returns: a logger that puts fields of its own into each record, for a connection or a job,
/// say. They stand behind a statement's own fields; where both have the same key, the statement's is written.
/// Its level is that of its name, also when that changes; set_threshold() changes it for all of that name.
/// Thread safety: as logger. Lifetime: as long as you like: once the stream is gone, calls are counted as dropped;
/// records that were logged do not need it. Cost: for each record a copy of the encoded fields; to make and to end
/// one a lock of the stream's each.
class bound_logger : public logger {
 public:
  bound_logger(const logger& of, std::shared_ptr<const carried_fields> fields)
      : logger(*of.source_.stream, *of.source_.state, of.threshold()),
        owned_(std::move(fields)),
        following_(follow_levels()) {
    source_.usual = nullptr;
    source_.fields = owned_.get();
  }

 private:
  /// Has the stream set this logger's threshold for as long as the result lives, which keeps what is behind the
  /// stream alive, too.
  std::shared_ptr<const void> follow_levels();

  std::shared_ptr<const carried_fields> owned_;
  std::shared_ptr<const void> following_;
};

template <class... Fields>
bound_logger logger::with(const Fields&... fields) const {
  return {*this, carried_fields::make(source_.fields, fields...)};
}

namespace detail {

/// References to those of `args` that are, or are not, fields.
template <bool Fields, class... Args>
auto pick(const Args&... args) noexcept {
  constexpr auto one = []<class T>(const T& arg) {
    if constexpr (is_field<T> == Fields)
      return std::tie(arg);
    else
      return std::tuple<>{};
  };
  return std::tuple_cat(one(args)...);
}

/// fmt, from 10 on, overlooks the names of arguments that are const. It does not change them.
template <class T>
auto& as_fmt_takes_it(const T& value) noexcept {
  if constexpr (fmt::detail::is_named_arg<T>::value)
    return const_cast<T&>(value);
  else
    return value;
}

} // namespace detail

template <class Front, class... Args>
void logger::render_now(const detail::call_site& site, level severity, std::string_view format, const Front& front,
                        const Args&... args) const noexcept {
  std::string message;
  const bool rendered = std::apply(
      [&](const auto&... value) {
        return detail::render_message(message, format, fmt::make_format_args(detail::as_fmt_takes_it(value)...));
      },
      detail::pick<false>(args...));
  if (!rendered) return detail::count_unrenderable(*source_.stream);
  std::apply([&](const auto&... recorded) { write(site, severity, recorded...); },
             std::tuple_cat(front, std::tuple(std::string_view(message)), detail::pick<true>(args...)));
}

} // namespace weir
