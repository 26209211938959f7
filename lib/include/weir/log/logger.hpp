// The front end: a named logger and its log calls.
#pragma once

#include "weir/correlation.hpp"
#include "weir/log/call_site.hpp"
#include "weir/log/clock.hpp"
#include "weir/log/producer.hpp"
#include "weir/log/text_cutter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <exception>
#include <new>
#include <string_view>
#include <tuple>
#include <type_traits>

namespace weir {

namespace detail {

template <class... T>
struct type_list {};

// The arguments that a format string speaks of: all but the fields.
template <class Kept, class... Rest>
struct without_fields {
  using type = Kept;
};
template <class... Kept, class First, class... Rest>
struct without_fields<type_list<Kept...>, First, Rest...>
    : without_fields<std::conditional_t<is_field<First>, type_list<Kept...>, type_list<Kept..., First>>, Rest...> {};

template <class List>
struct format_checker;
template <class... T>
struct format_checker<type_list<T...>> {
  using type = fmt::format_string<T...>;
};
/// fmt's compile-time check of a format string against the arguments of a statement.
template <class... Args>
using checked_format =
    typename format_checker<typename without_fields<type_list<>, std::remove_cvref_t<Args>...>::type>::type;

/// A format string literal with its place in the source, checked at compile time against the arguments.
template <class... Args>
struct located_format {
  template <std::size_t Size>
  // Implicit: a log call is to be written as log.info("…", x). Not std::source_location, which clang 14 lacks.
  consteval located_format(const char (&literal)[Size], // NOLINT
                           const char* file = __builtin_FILE(), std::uint32_t line = __builtin_LINE())
      : text{file, literal, Size - 1, line} {
    static_cast<void>(checked_format<Args...>(literal)); // does not compile if the format is wrong
  }
  call_text text;
};

template <class... Args>
consteval bool fields_stand_last() {
  bool seen = false, ordered = true;
  ((ordered = ordered && (is_field<std::remove_cvref_t<Args>> || !seen),
    seen = seen || is_field<std::remove_cvref_t<Args>>),
   ...);
  return ordered;
}

template <class T>
inline constexpr bool travels_as_value = is_field<T> || copied_late<T>;

} // namespace detail

class log_stream;

/// A named source of records in a stream, obtained from log_stream::logger(). Thread-safe. A call below the threshold
/// costs a load and a compare; one above it a copy of its arguments into the thread's chunk: no lock, no system call,
/// no allocation in steady state. Calls never throw and do no I/O. Not async-signal-safe. Lifetime: its stream's;
/// once the stream is closed, calls are counted as dropped.
class logger {
 public:
  logger(detail::stream_front& stream, detail::logger_state& state) noexcept : stream_(&stream), state_(&state) {}
  logger(const logger&) = delete;
  logger& operator=(const logger&) = delete;

  std::string_view name() const noexcept { return state_->name; }

  /// The lowest level that is logged. Thread-safe; takes effect on other threads soon, not at once.
  weir::level threshold() const noexcept {
    // relaxed: a threshold orders nothing.
    return state_->threshold.load(std::memory_order_relaxed);
  }
  void set_threshold(weir::level lowest) noexcept {
    // relaxed: as above.
    state_->threshold.store(lowest, std::memory_order_relaxed);
  }
  bool enabled(weir::level severity) const noexcept { return severity >= threshold() && severity != level::off; }

  /// Logs a message: a string literal in fmt's syntax, its arguments, then fields (`weir::field<"key">(value)`). The
  /// format is checked at compile time. The macros of macros.hpp do the same and render faster: see there.
  template <class... Args>
  void trace(detail::located_format<std::type_identity_t<Args>...> format, const Args&... args) noexcept {
    log_located<level::trace>(format.text, args...);
  }
  template <class... Args>
  void debug(detail::located_format<std::type_identity_t<Args>...> format, const Args&... args) noexcept {
    log_located<level::debug>(format.text, args...);
  }
  template <class... Args>
  void info(detail::located_format<std::type_identity_t<Args>...> format, const Args&... args) noexcept {
    log_located<level::info>(format.text, args...);
  }
  template <class... Args>
  void warn(detail::located_format<std::type_identity_t<Args>...> format, const Args&... args) noexcept {
    log_located<level::warn>(format.text, args...);
  }
  template <class... Args>
  void error(detail::located_format<std::type_identity_t<Args>...> format, const Args&... args) noexcept {
    log_located<level::error>(format.text, args...);
  }
  template <class... Args>
  void critical(detail::located_format<std::type_identity_t<Args>...> format, const Args&... args) noexcept {
    log_located<level::critical>(format.text, args...);
  }

  /// The macros' way in: `Site` is the type of a constexpr function object that returns a detail::statement. To be
  /// called if enabled() only.
  template <class Site, class... Args>
  void log_statement(Site, const Args&... args) noexcept {
    static_assert(Site{}().severity < level::off, "level::off is a threshold: nothing is logged at it");
    using pieces = detail::format_pieces<Site>;
    static_assert(!pieces::named, "name values with weir::field<\"name\">(value), not with {name}");
    static_assert(detail::fields_stand_last<Args...>(), "fields stand after the format's arguments");
    static_assert(detail::keys_differ<Args...>(), "two fields of one statement have the same key");
    [[maybe_unused]] static constexpr detail::checked_format<Args...> check{Site{}().format};
    if constexpr (!pieces::nested && (detail::travels_as_value<detail::loggable_t<Args>> && ...)) {
      write<detail::site_of<Site, typename detail::codec<detail::loggable_t<Args>>::encoded...>>(
          detail::to_loggable(args)...);
    } else {
      constexpr detail::statement statement = Site{}();
      log_located<statement.severity>(detail::call_text{statement.file.data(), statement.format.data(),
                                                        static_cast<std::uint32_t>(statement.format.size()),
                                                        statement.line},
                                      args...);
    }
  }

 private:
  template <level Severity, class... Args>
  void log_located(const detail::call_text& text, const Args&... args) noexcept {
    static_assert(detail::fields_stand_last<Args...>(), "fields stand after the format's arguments");
    static_assert(detail::keys_differ<Args...>(), "two fields of one statement have the same key");
    if (!enabled(Severity)) return;
    if constexpr ((detail::travels_as_value<detail::loggable_t<Args>> && ...))
      write<detail::shared_site<Severity, typename detail::codec<detail::loggable_t<Args>>::encoded...>::site>(
          text, detail::to_loggable(args)...);
    else
      render_now<Severity>(text, args...);
  }

  /// For arguments that cannot travel: the message is rendered here and travels as one string.
  template <level Severity, class... Args>
  void render_now(detail::call_text text, const Args&... args) noexcept;

  template <const detail::call_site& Site, class... Loggable>
  [[gnu::always_inline]] void write(const Loggable&... args) noexcept {
    const std::size_t size = record_size(args...);
    if (size > stream_->record_limit) [[unlikely]]
      return write_cut<Site>(args...);
    write_sized<Site>(size, 0, args...);
  }

  template <const detail::call_site& Site, class... Loggable>
  [[gnu::always_inline]] void write_sized(std::size_t size, std::size_t cut, const Loggable&... args) noexcept {
    const correlation* ids = current_correlation;
    if (ids != nullptr) size += sizeof(correlation);
    size = (size + detail::record_alignment - 1) & ~std::size_t{detail::record_alignment - 1};
    detail::cursor* mine = detail::reserve(*stream_, size);
    if (mine == nullptr) [[unlikely]]
      return;
    detail::begin_record(*mine);
    // Member by member: put together elsewhere and copied, its narrow stores would stall the copy's wide loads.
    auto* header = new (mine->at) detail::record_header;
    header->site = &Site;
    header->logger = state_;
    header->ticks = detail::record_clock_now();
    header->size = static_cast<std::uint32_t>(size);
    header->extras = detail::record_header::pack(ids != nullptr, cut);
    std::byte* at = mine->at + sizeof *header;
    if (ids != nullptr) {
      std::memcpy(at, ids, sizeof *ids);
      at += sizeof *ids;
    }
    ((at = detail::codec<Loggable>::write(at, args)), ...);
    detail::publish(*stream_, *mine, static_cast<std::uint32_t>(size));
  }

  // Out of the way: inlined beside it, it would push write_sized() out of the call site.
  template <const detail::call_site& Site, class... Loggable>
  [[gnu::cold, gnu::noinline]] void write_cut(const Loggable&... args) noexcept {
    std::size_t sizes[] = {0, detail::text_size(args)...};
    std::size_t fixed = record_size(args...);
    for (const std::size_t size : sizes) fixed -= size;
    const std::size_t limit = stream_->record_limit;
    detail::text_cutter cutter(sizes, limit > fixed ? limit - fixed : 0);
    [&](const auto&... shortened) {
      write_sized<Site>(record_size(shortened...), cutter.cut_bytes(), shortened...);
    }(cutter(args)...);
  }

  template <class... Loggable>
  static std::size_t record_size(const Loggable&... args) noexcept {
    return (sizeof(detail::record_header) + ... + detail::codec<Loggable>::size(args));
  }

  detail::stream_front* stream_;
  detail::logger_state* state_;
};

template <level Severity, class... Args>
void logger::render_now(detail::call_text text, const Args&... args) noexcept {
  constexpr auto pick_fields = [](const auto& argument) {
    if constexpr (detail::is_field<std::remove_cvref_t<decltype(argument)>>)
      return std::tie(argument);
    else
      return std::tuple<>{};
  };
  constexpr auto pick_others = [](const auto& argument) {
    if constexpr (detail::is_field<std::remove_cvref_t<decltype(argument)>>)
      return std::tuple<>{};
    else
      return std::tie(argument);
  };
  try {
    fmt::memory_buffer message;
    try {
      std::apply(
          [&](const auto&... value) {
            fmt::vformat_to(fmt::appender(message), fmt::string_view(text.format, text.format_size),
                            fmt::make_format_args(value...));
          },
          std::tuple_cat(pick_others(args)...));
    } catch (const std::exception& error) {
      message.clear();
      fmt::format_to(fmt::appender(message), "[could not be formatted: {}] {}", error.what(), text.format);
    }
    text.format = "{}";
    text.format_size = 2;
    std::apply(
        [&](const auto&... field) {
          write<detail::shared_site<Severity, std::string_view,
                                    typename detail::codec<std::remove_cvref_t<decltype(field)>>::encoded...>::site>(
              text, std::string_view(message.data(), message.size()), field...);
        },
        std::tuple_cat(pick_fields(args)...));
  } catch (...) { // out of memory: the record is lost, and counted
    detail::count_unrenderable(*stream_);
  }
}

} // namespace weir
