#include "log_files.hpp"

#include "subjects/subject.hpp"

#include <fmt/format.h>

#include <charconv>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace bench {

namespace {

constexpr std::string_view time_example = "2026-11-21T20:04:21.139357Z";

[[noreturn]] void complain(const std::string& path, std::uint64_t line_number, std::string_view line) {
  throw std::runtime_error(fmt::format("line {} of {} is not what was logged: '{}'", line_number, path, line));
}

/// Calls check(line) for each and complains of the first one for which it returns false.
void check_each_line(const std::string& path, std::uint64_t records,
                     const std::function<bool(std::string_view)>& check) {
  std::ifstream file(path);
  std::string line;
  std::uint64_t lines = 0;
  while (std::getline(file, line)) {
    const bool preamble = lines == 0 && !line.starts_with("2") && !line.starts_with("{");
    if (preamble) continue;
    ++lines;
    if (!check(line)) complain(path, lines, line);
  }
  if (lines != records) throw std::runtime_error(fmt::format("{} has {} lines of {}", path, lines, records));
}

} // namespace

void check_text_lines(const std::string& path, std::uint64_t records, std::uint64_t producers) {
  constexpr std::string_view before_number = " info  [main] request int: ";
  const std::uint64_t each = records / producers;
  std::vector<std::uint64_t> next;
  for (std::uint64_t producer = 0; producer < producers; ++producer) next.push_back(producer * each);
  fmt::memory_buffer expected;
  check_each_line(path, records, [&](std::string_view line) {
    if (line.size() < time_example.size() + before_number.size()) return false;
    line.remove_prefix(time_example.size());
    std::uint64_t i = 0;
    std::from_chars(line.data() + before_number.size(), line.data() + line.size(), i);
    if (i >= records || next[i / each]++ != i) return false;
    expected.clear();
    fmt::format_to(fmt::appender(expected), "{}{}, int: {}, double: {}", before_number, i, i + 1, fraction(i));
    return line == std::string_view(expected.data(), expected.size());
  });
}

void check_json_lines(const std::string& path, std::uint64_t records) {
  fmt::memory_buffer typed, quoted;
  std::uint64_t i = 0;
  check_each_line(path, records, [&](std::string_view line) {
    typed.clear();
    quoted.clear();
    fmt::format_to(fmt::appender(typed), R"(,"path":"{}","bytes":{},"seconds":{}}})", twelve_characters, i,
                   fraction(i));
    fmt::format_to(fmt::appender(quoted), R"(,"path":"{}","bytes":"{}","seconds":"{}"}})", twelve_characters, i,
                   fraction(i));
    ++i;
    return line.ends_with(std::string_view(typed.data(), typed.size())) ||
           line.ends_with(std::string_view(quoted.data(), quoted.size()));
  });
}

} // namespace bench
