#include "log/pattern.hpp"

#include "log/escape.hpp"
#include "utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <stdexcept>

namespace weir::detail {

namespace {

constexpr std::string_view flags_with_width = "vnlLtPYmdHMSefFpIrRTXDxcCaAbhBzEsg#!@oiuO&Ww";
constexpr std::string_view flags_without_width = "+%^$";
constexpr std::size_t most_width = 64; // spdlog's

bool is_in(std::string_view set, char c) noexcept { return set.find(c) != set.npos; }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

std::string escaped(std::string_view text) {
  text_buffer out;
  append_escaped(out, text, field_style::text);
  return {out.data(), out.size()};
}

class parser {
 public:
  explicit parser(std::string_view pattern) : all_(pattern) {}

  std::vector<pattern_piece> run() {
    check_text();
    while (at_ < all_.size()) {
      if (all_[at_] == '%')
        take_flag();
      else
        add_text(all_[at_++]);
    }
    return std::move(pieces_);
  }

 private:
  [[noreturn]] void fail(std::size_t at, std::string_view what) const {
    throw std::invalid_argument(fmt::format("pattern \"{}\": {} at {}", escaped(all_), what, at));
  }

  /// A tab is the programmer's own separator; those of messages are escaped, so that the columns hold.
  void check_text() const {
    std::string visible(all_);
    std::ranges::replace(visible, '\t', ' ');
    const std::string safe = escaped(visible);
    if (safe == visible) return;
    const auto differs = std::ranges::mismatch(visible, safe).in1 - visible.begin();
    fail(static_cast<std::size_t>(differs), "a control character, line separator or broken UTF-8");
  }

  void add_text(char c) {
    if (pieces_.empty() || pieces_.back().flag != pattern_piece::literal_text) pieces_.emplace_back();
    pieces_.back().literal += c;
  }
  void add_flag(char flag, const column& width = {}) {
    pieces_.push_back({.literal = {}, .flag = flag, .width = width});
  }
  void add_all(std::string_view pattern) {
    for (auto& piece : parser(pattern).run()) pieces_.push_back(std::move(piece));
  }

  /// `%+`: spdlog's line by default.
  void add_default() {
    add_all("[%Y-%m-%d %H:%M:%S.%e] ");
    add_flag(pattern_piece::named);
    add_all("[%^%l%$] ");
    add_flag(pattern_piece::placed);
    add_flag('v');
  }

  /// What stands behind the percent sign, up to the flag; false if there was no width.
  bool take_width(column& width) {
    const std::size_t begin = at_;
    if (at_ < all_.size() && (all_[at_] == '-' || all_[at_] == '='))
      width.alignment = all_[at_++] == '-' ? column::side::left : column::side::centre;
    const std::size_t digits = at_;
    for (; at_ < all_.size() && is_digit(all_[at_]); ++at_)
      width.width = std::min(width.width * 10 + static_cast<std::size_t>(all_[at_] - '0'), most_width + 1);
    if (at_ == digits && at_ != begin) fail(begin, "an alignment without a width");
    if (width.width > most_width)
      fail(digits,
           fmt::format("a width of {}, where {} is the most,", all_.substr(digits, at_ - digits), most_width));
    return at_ != begin;
  }

  void take_flag() {
    const std::size_t begin = at_++;
    column width;
    const bool has_width = take_width(width);
    if (has_width && at_ < all_.size() && all_[at_] == '!') {
      // `%8!l` cuts the level; where no flag follows, `%8!` is the function's name.
      ++at_;
      width.cuts = at_ < all_.size() && is_in(flags_with_width, all_[at_]);
      if (!width.cuts) return add_flag('!', width);
    }
    if (at_ == all_.size()) fail(begin, "a percent sign without a flag");
    const char flag = all_[at_++];
    if (is_in(flags_with_width, flag)) return add_flag(flag, width);
    if (!is_in(flags_without_width, flag)) {
      while (at_ < all_.size() && continues_character(all_[at_])) ++at_;
      fail(begin, fmt::format("unknown flag {}", escaped(all_.substr(begin, at_ - begin))));
    }
    if (has_width) fail(begin, fmt::format("a width for %{}, which has none,", flag));
    if (flag == '+') return add_default();
    flag == '%' ? add_text('%') : add_flag(flag);
  }

  std::string_view all_;
  std::size_t at_ = 0;
  std::vector<pattern_piece> pieces_;
};

} // namespace

std::vector<pattern_piece> parse_pattern(std::string_view pattern) {
  std::vector<pattern_piece> pieces = parser(pattern).run();
  const auto is_there = [&](char flag) {
    return std::ranges::find(pieces, flag, &pattern_piece::flag) != pieces.end();
  };
  const bool places_fields = is_there('&'), places_ids = is_there('W') || is_there('w');
  const auto message = std::ranges::find(pieces.rbegin(), pieces.rend(), 'v', &pattern_piece::flag);
  if (message == pieces.rend()) return pieces;
  auto behind = message.base();
  if (!places_ids) behind = pieces.insert(behind, {.flag = pattern_piece::rest_ids});
  if (!places_fields) pieces.insert(behind, {.flag = pattern_piece::rest_fields});
  return pieces;
}

} // namespace weir::detail
