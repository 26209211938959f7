#include "log/timestamp_text.hpp"

#include "log/number_text.hpp"

#include <cstring>
#include <ctime>

namespace weir::detail {

void timestamp_text::change(std::int64_t unix_nanoseconds) noexcept {
  if (unix_nanoseconds < second_begin_ || unix_nanoseconds - second_begin_ >= second) [[unlikely]]
    change_second(unix_nanoseconds);
  const std::int64_t microseconds = (unix_nanoseconds - second_begin_) / microsecond;
  begin_ = second_begin_ + microseconds * microsecond;
  write_digits(text_.data() + 20, static_cast<std::uint32_t>(microseconds), 6);
}

void timestamp_text::change_second(std::int64_t unix_nanoseconds) noexcept {
  std::time_t time = unix_nanoseconds / second;
  if (unix_nanoseconds % second < 0) --time;
  second_begin_ = time * second;
  std::tm utc{};
  ::gmtime_r(&time, &utc);
  const auto year = static_cast<std::uint32_t>(utc.tm_year + 1900);
  std::memcpy(text_.data(), "0000-00-00T00:00:00.000000Z", size);
  write_digits(text_.data(), year, 4);
  write_digits(text_.data() + 5, static_cast<std::uint32_t>(utc.tm_mon + 1), 2);
  write_digits(text_.data() + 8, static_cast<std::uint32_t>(utc.tm_mday), 2);
  write_digits(text_.data() + 11, static_cast<std::uint32_t>(utc.tm_hour), 2);
  write_digits(text_.data() + 14, static_cast<std::uint32_t>(utc.tm_min), 2);
  write_digits(text_.data() + 17, static_cast<std::uint32_t>(utc.tm_sec), 2);
}

} // namespace weir::detail
