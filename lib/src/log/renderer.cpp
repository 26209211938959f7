#include "weir/log/renderer.hpp"

#include "log/escape.hpp"

#include <array>
#include <cstring>
#include <ctime>

namespace weir {

namespace {

void put_digits(char* at, std::uint32_t value, int digits) noexcept {
  for (int i = digits - 1; i >= 0; --i) {
    at[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

void append_hex_id(text_buffer& out, std::uint64_t id) {
  char digits[16];
  for (int i = 0; i < 16; ++i) digits[i] = "0123456789abcdef"[(id >> (60 - 4 * i)) & 0xfU];
  append(out, {digits, 16});
}

constexpr std::array<std::string_view, 7> padded_levels{" trace ", " debug ",    " info  ", " warn  ",
                                                        " error ", " critical ", " off   "};

} // namespace

void timestamp_text::append(text_buffer& out, std::int64_t unix_nanoseconds) {
  constexpr std::int64_t nanoseconds = 1'000'000'000;
  std::int64_t second = unix_nanoseconds / nanoseconds;
  std::int64_t rest = unix_nanoseconds % nanoseconds;
  if (rest < 0) {
    --second;
    rest += nanoseconds;
  }
  if (second != second_) {
    second_ = second;
    std::tm utc{};
    const std::time_t time = second;
    ::gmtime_r(&time, &utc);
    std::memcpy(text_.data(), "0000-00-00T00:00:00.000000Z", size);
    put_digits(text_.data(), static_cast<std::uint32_t>(utc.tm_year + 1900), 4);
    put_digits(text_.data() + 5, static_cast<std::uint32_t>(utc.tm_mon + 1), 2);
    put_digits(text_.data() + 8, static_cast<std::uint32_t>(utc.tm_mday), 2);
    put_digits(text_.data() + 11, static_cast<std::uint32_t>(utc.tm_hour), 2);
    put_digits(text_.data() + 14, static_cast<std::uint32_t>(utc.tm_min), 2);
    put_digits(text_.data() + 17, static_cast<std::uint32_t>(utc.tm_sec), 2);
  }
  put_digits(text_.data() + 20, static_cast<std::uint32_t>(rest / 1000), 6);
  weir::append(out, {text_.data(), size});
}

void text_renderer::render(const record& entry, text_buffer& out) {
  time_.append(out, entry.unix_nanoseconds());
  append(out, padded_levels[static_cast<std::size_t>(entry.severity())]);
  out.push_back('[');
  detail::append_escaped(out, entry.logger_name(), field_style::text);
  append(out, "] ");
  entry.append_message(out, field_style::text);
  entry.append_fields(out, field_style::text);
  if (const correlation* ids = entry.ids()) {
    append(out, " trace_id=");
    append_hex_id(out, ids->trace_id_high);
    append_hex_id(out, ids->trace_id_low);
    append(out, " span_id=");
    append_hex_id(out, ids->span_id);
  }
  out.push_back('\n');
}

void json_renderer::render(const record& entry, text_buffer& out) {
  append(out, R"({"time":")");
  time_.append(out, entry.unix_nanoseconds());
  append(out, R"(","level":")");
  append(out, to_string_view(entry.severity()));
  append(out, R"(","logger":")");
  detail::append_escaped(out, entry.logger_name(), field_style::json);
  append(out, R"(","message":")");
  entry.append_message(out, field_style::json);
  out.push_back('"');
  if (const correlation* ids = entry.ids()) {
    append(out, R"(,"trace_id":")");
    append_hex_id(out, ids->trace_id_high);
    append_hex_id(out, ids->trace_id_low);
    append(out, R"(","span_id":")");
    append_hex_id(out, ids->span_id);
    out.push_back('"');
  }
  entry.append_fields(out, field_style::json);
  append(out, "}\n");
}

std::unique_ptr<renderer> as_text() { return std::make_unique<text_renderer>(); }
std::unique_ptr<renderer> as_json() { return std::make_unique<json_renderer>(); }

} // namespace weir
