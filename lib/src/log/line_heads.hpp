// What stands between a line's time and its message: the same for all records of a logger and a level.
#pragma once

#include "log/line_writer.hpp"
#include "weir/log/level.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir::detail {

/// A small cache. Not thread-safe: each renderer has one.
class line_heads {
 public:
  static constexpr std::size_t places = 32;

  /// `make(severity, logger)` gives the text of those that are not in the cache. Returns its place there, which has
  /// that text until the next call to `make`.
  template <class Make>
  std::size_t append(line_writer& out, level severity, std::string_view logger, Make make) {
    // A logger's name stays where it is; another in its place is found out by comparing.
    const std::size_t place =
        (reinterpret_cast<std::uintptr_t>(logger.data()) / 32 + static_cast<std::size_t>(severity)) % places;
    entry& head = entries_[place];
    if (head.severity != severity || head.logger != logger) [[unlikely]] {
      head.severity = level::off; // should memory run out
      head.text = make(severity, logger);
      head.size = head.text.size();
      head.text.append(line_writer::padding, '\0');
      head.logger = logger;
      head.severity = severity;
    }
    out.append_padded({head.text.data(), head.size});
    return place;
  }

 private:
  struct entry {
    level severity = level::off;
    std::string logger;
    std::string text; // padded
    std::size_t size = 0;
  };
  std::array<entry, places> entries_;
};

} // namespace weir::detail
