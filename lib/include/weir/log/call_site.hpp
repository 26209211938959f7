// The static description of one log statement.
#pragma once

#include "weir/log/argument_type.hpp"

#include <atomic>
#include <cstdint>
#include <span>
#include <string_view>

namespace weir {

/// Where a statement stands in the source; what is not known is empty, or 0.
struct source_position {
  std::string_view file{};
  unsigned line = 0;
  std::string_view function{}; ///< its name without parameters; of a lambda "operator()"
};

namespace detail {

class message_plan;

/// A record's first word points here. Constant but for the plan, and never freed.
struct call_site {
  std::string_view format{}; ///< of a macro's statement
  std::string_view file{};
  std::uint32_t line = 0;
  std::string_view function{};
  /// The record's first argument is the message: some argument of the statement could not travel.
  bool rendered = false;
  /// A call_text stands in front of the record's arguments: a function call's.
  bool located = false;
  /// With `located`: in the call_text's place stands the position itself, line, file and function, as of text_site's.
  /// Said here rather than known by the address: each copy of the library in a process has a text_site.
  bool positioned = false;
  std::span<const argument_type> arguments{};
  /// How to render its records: made by the first backend that meets one, kept for the process's life.
  mutable std::atomic<const message_plan*> plan{nullptr};
};

/// What a function call, which has no static description of its own, records before its arguments. The strings are
/// literals: the consteval constructor they come through checks that.
struct call_text {
  const char* file;
  const char* function;
  const char* format;
  std::uint32_t format_size;
  std::uint32_t line;
};

/// The call site shared by all function calls with arguments recorded in this way.
template <class Recorded>
inline constinit const call_site located_site{
    .rendered = !Recorded::as_they_are, .located = true, .arguments = Recorded::types};

/// The call site shared by all calls of logger::log_text(), whose records carry their position: line, file and
/// function, then the text.
extern const call_site text_site;

/// For a macro to ask, without evaluating its arguments, of what types they are.
template <class... Args>
type_list<Args...> types_of(const Args&...);

} // namespace detail
} // namespace weir
