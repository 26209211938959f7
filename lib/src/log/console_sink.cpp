#include "weir/log/console_sink.hpp"

#include "log/option_check.hpp"
#include "log/whole_lines.hpp"
#include "weir/log/line_sink.hpp"
#include "weir/log/record.hpp"
#include "weir/log/text_buffer.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

namespace weir {

namespace {

// ANSI X3.64 (ECMA-48) "select graphic rendition", by level.
constexpr std::array<std::string_view, 7> colours{"\x1b[90m", "\x1b[36m",      "\x1b[32m", "\x1b[33m",
                                                  "\x1b[31m", "\x1b[1;37;41m", "\x1b[0m"};
constexpr std::string_view plain = "\x1b[0m";
constexpr std::size_t most_codes_bytes = colours[5].size() + plain.size();
// How far from its begin a line's level is looked for.
constexpr std::size_t prefix_bytes = 64;

/// https://no-color.org: set and not empty means no.
bool environment_wants_colour() noexcept {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  return (no_colour == nullptr || *no_colour == '\0') && terminal != nullptr && *terminal != '\0' &&
         std::strcmp(terminal, "dumb") != 0;
}

void insert(text_buffer& out, std::size_t at, std::string_view text) {
  const std::size_t behind = out.size() - at;
  out.resize(out.size() + text.size());
  std::memmove(out.data() + at + text.size(), out.data() + at, behind);
  std::memcpy(out.data() + at, text.data(), text.size());
}

/// The level's name in that line, or all of it.
colour_range range_of_level(std::string_view line, level severity) noexcept {
  const std::string_view name = to_string_view(severity);
  const std::size_t first = line.substr(0, prefix_bytes).find(name);
  if (first != line.npos) return {first, first + name.size()};
  return {0, line.size() - std::size_t{line.ends_with('\n')}};
}

class console final : public line_sink {
 public:
  console(console_options options, std::unique_ptr<renderer> renderer)
      : line_sink(options.stream == console_stream::output ? "standard output" : "standard error",
                  std::move(renderer)),
        descriptor_(options.stream == console_stream::output ? STDOUT_FILENO : STDERR_FILENO),
        colour_(options.colour),
        environment_wants_(environment_wants_colour()) {}

  void append(const record& entry) override {
    const std::size_t begin = lines().size();
    if (begin == 0) coloured_ = wants_colour();
    line_sink::append(entry);
    if (coloured_) colour(begin, entry.severity());
  }

 private:
  bool wants_colour() const noexcept {
    if (colour_ == console_colour::automatic) return environment_wants_ && ::isatty(descriptor_) == 1;
    return colour_ == console_colour::always;
  }

  /// Colours what the renderer says of the line that begins there, the level's name, or the line.
  void colour(std::size_t begin, level severity) noexcept {
    text_buffer& out = lines();
    try {
      out.reserve(out.size() + most_codes_bytes);
    } catch (const std::bad_alloc&) {
      return; // the line is there already
    }
    const colour_range range =
        lines_from().colour().value_or(range_of_level({out.data() + begin, out.size() - begin}, severity));
    if (range.begin >= range.end) return;
    insert(out, begin + range.end, plain);
    insert(out, begin + range.begin, colours[static_cast<std::size_t>(severity) % colours.size()]);
  }

  write_result write(std::string_view lines) override {
    const detail::lines_written result = lines_.append(descriptor_, lines);
    return {.taken = result.taken, .error = result.error};
  }

  const int descriptor_;
  const console_colour colour_;
  const bool environment_wants_;
  bool coloured_ = false;
  detail::whole_lines lines_;
};

} // namespace

std::shared_ptr<sink> console_sink(console_options options, std::unique_ptr<renderer> renderer) {
  detail::check_enumerator("console_options.stream", options.stream, console_stream::error);
  detail::check_enumerator("console_options.colour", options.colour, console_colour::never);
  return std::make_shared<console>(options, std::move(renderer));
}

std::shared_ptr<sink> console_sink(console_stream stream, std::unique_ptr<renderer> renderer) {
  return console_sink(console_options{.stream = stream}, std::move(renderer));
}

} // namespace weir
