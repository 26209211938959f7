// What stands between a line's time and its message: the same for all records of a logger and a level.
#pragma once

#include "log/line_writer.hpp"
#include "weir/log/level.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
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
    if (head.severity != severity || !is_same(head.logger, logger)) [[unlikely]] {
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
  /// Names are short: some moves cost less than the call of a function that is good at long ones.
  static bool is_same(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) return false;
    if (a.size() < 4 || a.size() > 16) return a == b;
    return a.size() < 8 ? ends_are_same<std::uint32_t>(a, b) : ends_are_same<std::uint64_t>(a, b);
  }
  /// Of texts of the same size, from that of Word to twice as much.
  template <class Word>
  static bool ends_are_same(std::string_view a, std::string_view b) noexcept {
    const auto word_at = [](const char* at) {
      Word word;
      std::memcpy(&word, at, sizeof word);
      return word;
    };
    const std::size_t last = a.size() - sizeof(Word);
    return word_at(a.data()) == word_at(b.data()) && word_at(a.data() + last) == word_at(b.data() + last);
  }

  struct entry {
    level severity = level::off;
    std::string logger;
    std::string text; // padded
    std::size_t size = 0;
  };
  std::array<entry, places> entries_;
};

} // namespace weir::detail
