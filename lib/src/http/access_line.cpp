#include "weir/http/access_line.hpp"

#include "http/header_field.hpp"
#include "log/escape.hpp"
#include "log/option_check.hpp"
#include "log/time_zone.hpp"
#include "weir/log/record.hpp"
#include "weir/log/text_buffer.hpp"
#include "weir/trace/ids.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace weir {

namespace {

/// Text as it is, or a directive.
struct piece {
  std::string literal{};
  char directive = literal_text;
  std::string field{}; // whose value it shows, if it shows one

  static constexpr char literal_text = '\0';
};

[[noreturn]] void refuse(std::string_view format, std::size_t at, std::string_view what) {
  throw std::invalid_argument(fmt::format("access line format '{}': {} at {}", format, what, at));
}

/// The field that a directive shows, which has no more to it than that; empty if there is more.
std::string_view field_of(char directive) noexcept {
  switch (directive) {
  case 'h':
  case 'a':
    return "client.address";
  case 'u':
    return "user.name";
  case 'm':
    return "http.request.method";
  case 'U':
    return "url.path";
  case 'R':
    return "http.route";
  case 'B':
    return "http.response.body.size";
  case 'I':
    return "http.request.body.size";
  default:
    return {};
  }
}

class format_parser {
 public:
  explicit format_parser(std::string_view format) : format_(format) {
    text_buffer safe;
    detail::append_escaped(safe, format, field_style::text);
    const std::string_view shown(safe.data(), safe.size());
    if (shown == format) return;
    const auto differs = std::ranges::mismatch(format, shown).in1 - format.begin();
    refuse(shown, static_cast<std::size_t>(differs), "a control character, line separator or broken UTF-8");
  }

  std::vector<piece> parse() {
    while (at_ < format_.size()) {
      if (format_[at_] != '%')
        literal(format_[at_++]);
      else
        directive(at_++);
    }
    return std::move(pieces_);
  }

 private:
  void literal(char c) {
    if (pieces_.empty() || pieces_.back().directive != piece::literal_text) pieces_.emplace_back();
    pieces_.back().literal.push_back(c);
  }

  void directive(std::size_t begin) {
    if (at_ < format_.size() && (format_[at_] == '>' || format_[at_] == '<')) ++at_;
    std::string_view name;
    if (at_ < format_.size() && format_[at_] == '{') {
      const std::size_t end = format_.find('}', at_);
      if (end == format_.npos) refuse(format_, begin, "a brace that is not closed");
      name = format_.substr(at_ + 1, end - at_ - 1);
      if (name.empty()) refuse(format_, begin, "an empty name");
      at_ = end + 1;
    }
    if (at_ == format_.size()) refuse(format_, begin, "a directive without its letter");
    const char letter = format_[at_++];
    if (name.empty())
      plain(begin, letter);
    else
      named(begin, name, letter);
  }

  void plain(std::size_t begin, char letter) {
    if (letter == '%') return literal('%');
    if (letter == 'l') return literal('-'); // what RFC 1413 gave, which nobody asks any more
    if (std::string_view("hauUmRBItrqHsbDT").find(letter) == std::string_view::npos)
      refuse(format_, begin, fmt::format("unknown directive '%{}'", letter));
    pieces_.push_back({.directive = letter, .field = std::string(field_of(letter))});
  }

  void named(std::size_t begin, std::string_view name, char letter) {
    switch (letter) {
    case 'T':
      if (name != "us" && name != "ms" && name != "s") refuse(format_, begin, "a unit other than us, ms, s");
      pieces_.push_back({.directive = name == "us" ? 'D' : name == "ms" ? 'M' : 'T'});
      return;
    case 'i':
      pieces_.push_back({.directive = 'n', .field = detail::header_field(name)});
      return;
    case 'n':
      pieces_.push_back({.directive = 'n', .field = std::string(name)});
      return;
    default:
      refuse(format_, begin, fmt::format("unknown directive '%{{{}}}{}'", name, letter));
    }
  }

  std::string_view format_;
  std::size_t at_ = 0;
  std::vector<piece> pieces_;
};

/// What stands in a line, perhaps between quotes.
void append_value(text_buffer& out, std::string_view value) {
  for (;;) {
    const std::size_t special = std::min(value.find_first_of("\"\\"), value.size());
    detail::append_escaped(out, value.substr(0, special), field_style::text);
    if (special == value.size()) return;
    out.push_back('\\');
    out.push_back(value[special]);
    value.remove_prefix(special + 1);
  }
}

class access_line_renderer final : public renderer {
 public:
  access_line_renderer(std::string_view format, pattern_time zone)
      : pieces_(format_parser(format).parse()), zone_(zone) {
    if (zone == pattern_time::local) detail::load_time_zone();
  }

  void render(const record& entry, text_buffer& out) override {
    for (const piece& each : pieces_) write(each, entry, out);
    out.push_back('\n');
  }
  std::optional<colour_range> colour() const noexcept override { return colour_range{}; }

 private:
  void write(const piece& each, const record& entry, text_buffer& out) {
    switch (each.directive) {
    case piece::literal_text:
      return append(out, each.literal);
    case 't':
      return write_time(entry.unix_nanoseconds(), out);
    case 'r':
      return write_request_line(entry, out);
    case 'q':
      if (const std::string_view query = value_of(entry, "url.query"); !query.empty()) {
        out.push_back('?');
        append_value(out, query);
      }
      return;
    case 'H':
      append(out, "HTTP/");
      return append_value(out, or_hyphen(value_of(entry, "network.protocol.version")));
    case 's':
      return append_value(out, status_of(entry));
    case 'b': {
      const std::string_view bytes = value_of(entry, "http.response.body.size");
      return append_value(out, bytes == "0" ? "-" : or_hyphen(bytes));
    }
    case 'D':
      return write_duration<std::micro>(entry, out);
    case 'M':
      return write_duration<std::milli>(entry, out);
    case 'T':
      return write_duration<std::ratio<1>>(entry, out);
    default:
      return append_value(out, or_hyphen(value_of(entry, each.field)));
    }
  }

  static std::string_view or_hyphen(std::string_view value) noexcept { return value.empty() ? "-" : value; }

  /// Valid until the next call.
  std::string_view value_of(const record& entry, std::string_view field) {
    value_.clear();
    if (!entry.append_raw_field(field, value_)) write_id(entry, field);
    return {value_.data(), value_.size()};
  }

  void write_id(const record& entry, std::string_view name) {
    const correlation* const ids = entry.ids();
    if (ids == nullptr) return;
    if (name == "trace_id") append(value_, to_hex(trace_id{ids->trace_id_high, ids->trace_id_low}));
    if (name == "span_id") append(value_, to_hex(span_id{ids->span_id}));
  }

  /// As in the message of the access log's records, where the client left before one was sent.
  std::string_view status_of(const record& entry) {
    if (const std::string_view sent = value_of(entry, "http.response.status_code"); !sent.empty()) return sent;
    if (value_of(entry, "error.type").starts_with("client_")) return "499";
    return value_of(entry, "rpc.grpc.status_code").empty() ? "-" : "200"; // which all RPCs are answered with
  }

  void write_request_line(const record& entry, text_buffer& out) {
    const std::string_view method = value_of(entry, "http.request.method");
    if (method.empty()) {
      value_.clear();
      if (!entry.append_raw_field("outcome", value_)) {
        entry.append_raw_message(value_);
        return append_value(out, {value_.data(), value_.size()});
      }
      return out.push_back('-'); // no request could be read
    }
    append_value(out, method);
    out.push_back(' ');
    append_value(out, or_hyphen(value_of(entry, "url.path")));
    if (const std::string_view query = value_of(entry, "url.query"); !query.empty()) {
      out.push_back('?');
      append_value(out, query);
    }
    append(out, " HTTP/");
    append_value(out, or_hyphen(value_of(entry, "network.protocol.version")));
  }

  template <class Unit>
  void write_duration(const record& entry, text_buffer& out) {
    const std::string_view text = value_of(entry, "duration_s");
    double seconds = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), seconds).ec != std::errc()) return out.push_back('-');
    seconds += 1e-6 / 64; // of a microsecond, lest a time that is a whole number of them comes out one lower
    const double units = seconds * static_cast<double>(Unit::den) / static_cast<double>(Unit::num);
    fmt::format_to(fmt::appender(out), "{}", static_cast<std::int64_t>(units));
  }

  void write_time(std::int64_t unix_nanoseconds, text_buffer& out) {
    static constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const std::time_t second =
        std::chrono::floor<std::chrono::seconds>(std::chrono::nanoseconds(unix_nanoseconds)).count();
    if (second != second_ || time_.empty()) {
      std::tm parts{};
      zone_ == pattern_time::utc ? ::gmtime_r(&second, &parts) : ::localtime_r(&second, &parts);
      const long offset = std::labs(parts.tm_gmtoff) / 60;
      time_ = fmt::format("[{:02}/{}/{}:{:02}:{:02}:{:02} {}{:02}{:02}]", parts.tm_mday,
                          months[static_cast<std::size_t>(parts.tm_mon)], parts.tm_year + 1900, parts.tm_hour,
                          parts.tm_min, parts.tm_sec, parts.tm_gmtoff < 0 ? '-' : '+', offset / 60, offset % 60);
      second_ = second;
    }
    append(out, time_);
  }

  const std::vector<piece> pieces_;
  const pattern_time zone_;
  text_buffer value_;
  std::time_t second_ = 0;
  std::string time_;
};

} // namespace

std::unique_ptr<renderer> as_access_line(std::string_view format, pattern_time zone) {
  detail::check_enumerator("pattern_time", zone, pattern_time::utc);
  return std::make_unique<access_line_renderer>(format, zone);
}

} // namespace weir
