#include "log/line_heads.hpp"
#include "log/number_text.hpp"
#include "log/option_check.hpp"
#include "log/pattern.hpp"
#include "log/pattern_clock.hpp"
#include "log/pattern_flags.hpp"
#include "weir/log/record.hpp"
#include "weir/log/renderer.hpp"

#include <array>
#include <chrono>
#include <optional>
#include <utility>

namespace weir {

namespace {

using detail::append_number;
using detail::column;
using detail::line_writer;
using detail::pattern_clock;
using detail::pattern_piece;

std::int64_t now() noexcept {
  return std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// `value` in 3, 6 or 9 digits.
void append_digits(line_writer& line, std::uint32_t value, int digits) {
  char all[10];
  const int odd = digits % 2;
  detail::write_digits(all, value, digits + odd);
  line.append(std::string_view(all + odd, static_cast<std::size_t>(digits)));
}

/// A pattern is a row of steps. Neighbours that change with the second only, or with level and logger only, are one
/// step, whose text is kept.
class pattern_renderer final : public renderer {
 public:
  pattern_renderer(std::string_view pattern, pattern_time zone) : clock_(zone) {
    const auto pieces = detail::parse_pattern(pattern);
    for (auto first = pieces.begin(); first != pieces.end();) first = add_step(first, pieces.end());
  }

  void render(const record& entry, text_buffer& out) override {
    line_begin_ = out.size();
    colour_ = {};
    line_writer line(out);
    clock_.move_to(entry.unix_nanoseconds());
    for (step& each : steps_) {
      if (each.width.is_any()) {
        write(each, entry, line);
        continue;
      }
      const std::size_t begin = line.yield().size();
      write(each, entry, line);
      fit(line.yield(), begin, each.width);
      line.resume();
    }
    last_ = entry.unix_nanoseconds();
    line.append('\n');
  }

  std::optional<colour_range> colour() const noexcept override { return colour_; }

 private:
  enum class step_kind : std::uint8_t { text, clock, head, flag };
  struct step {
    step_kind kind;
    char flag = pattern_piece::literal_text;
    column width{};
    std::size_t number = 0; // of the clock's text, or in heads_
    std::string text{};     // padded
  };
  struct head {
    std::vector<pattern_piece> pieces;
    bool begins_colour = false, ends_colour = false;
    detail::line_heads made{};
    std::array<colour_range, detail::line_heads::places> colours{}; // within those
  };
  using piece_iterator = std::vector<pattern_piece>::const_iterator;

  static step_kind kind_of(const pattern_piece& piece) noexcept {
    if (piece.flag == pattern_piece::literal_text) return step_kind::text;
    if (pattern_clock::knows(piece.flag)) return step_kind::clock;
    return detail::belongs_to_head(piece.flag) ? step_kind::head : step_kind::flag;
  }

  /// One step of `first` and of those behind it that go with it. Returns what is left.
  piece_iterator add_step(piece_iterator first, piece_iterator end) {
    step_kind kind = kind_of(*first);
    auto last = first + 1;
    for (; kind != step_kind::flag && last != end; ++last) {
      const step_kind next = kind_of(*last);
      if (next == step_kind::flag || (next != kind && next != step_kind::text && kind != step_kind::text)) break;
      if (kind == step_kind::text) kind = next;
    }
    step made{.kind = kind};
    switch (kind) {
    case step_kind::text:
      made.number = first->literal.size();
      made.text = first->literal + std::string(line_writer::padding, '\0');
      break;
    case step_kind::clock:
      made.number = clock_.add({first, last});
      break;
    case step_kind::head:
      made.number = heads_.size();
      heads_.push_back({.pieces = {first, last}});
      for (auto piece = first; piece != last; ++piece) {
        heads_.back().begins_colour |= piece->flag == '^';
        heads_.back().ends_colour |= piece->flag == '$';
      }
      break;
    case step_kind::flag:
      made.flag = first->flag;
      made.width = first->width;
    }
    steps_.push_back(std::move(made));
    return last;
  }

  void write(const step& each, const record& entry, line_writer& line) {
    switch (each.kind) {
    case step_kind::text:
      return line.append_padded({each.text.data(), each.number});
    case step_kind::clock:
      return clock_.append(line, each.number);
    case step_kind::head:
      return write_head(heads_[each.number], entry, line);
    case step_kind::flag:
      return write_flag(each.flag, entry, line);
    }
  }

  void write_head(head& from, const record& entry, line_writer& line) {
    const std::size_t begin = from.begins_colour || from.ends_colour ? line.yield().size() - line_begin_ : 0;
    std::optional<colour_range> fresh;
    const std::size_t place =
        from.made.append(line, entry.severity(), entry.logger_name(), [&](level severity, std::string_view logger) {
          return head_text(from.pieces, severity, logger, fresh.emplace());
        });
    if (fresh) [[unlikely]]
      from.colours[place] = *fresh;
    if (from.begins_colour) colour_.begin = begin + from.colours[place].begin;
    if (from.ends_colour) colour_.end = begin + from.colours[place].end;
  }

  static std::string head_text(const std::vector<pattern_piece>& pieces, level severity, std::string_view logger,
                               colour_range& colour) {
    text_buffer made;
    for (const pattern_piece& piece : pieces) {
      const std::size_t begin = made.size();
      if (piece.flag == pattern_piece::literal_text)
        append(made, piece.literal);
      else if (piece.flag == '^')
        colour.begin = begin;
      else if (piece.flag == '$')
        colour.end = begin;
      else
        detail::append_head_flag(made, piece.flag, severity, logger);
      if (!piece.width.is_any()) fit(made, begin, piece.width);
    }
    return {made.data(), made.size()};
  }

  void write_flag(char flag, const record& entry, line_writer& line) {
    switch (flag) {
    case 'e':
      return append_digits(line, clock_.nanoseconds() / 1'000'000, 3);
    case 'f':
      return append_digits(line, clock_.nanoseconds() / 1'000, 6);
    case 'F':
      return append_digits(line, clock_.nanoseconds(), 9);
    case 'u':
      return append_number(line, since_last(entry));
    case 'i':
      return append_number(line, since_last(entry) / 1'000);
    case 'o':
      return append_number(line, since_last(entry) / 1'000'000);
    case 'O':
      return append_number(line, since_last(entry) / 1'000'000'000);
    default:
      return detail::write_record_flag(line, flag, entry);
    }
  }

  std::uint64_t since_last(const record& entry) const noexcept {
    const std::int64_t time = entry.unix_nanoseconds();
    return time > last_ ? static_cast<std::uint64_t>(time) - static_cast<std::uint64_t>(last_) : 0;
  }

  pattern_clock clock_;
  std::vector<step> steps_;
  std::vector<head> heads_;
  std::int64_t last_ = now(); // the time of the record before
  std::size_t line_begin_ = 0;
  colour_range colour_{};
};

} // namespace

std::unique_ptr<renderer> as_text(std::string_view pattern, pattern_time zone) {
  detail::check_enumerator("pattern_time", zone, pattern_time::utc);
  return std::make_unique<pattern_renderer>(pattern, zone);
}

} // namespace weir
