// Any bytes are a date or none; what is read is written as one that reads the same.
#include "weir/http/http_date.hpp"

#include "input.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  input in(data, size);
  const std::chrono::sys_seconds now{std::chrono::seconds(in.value<std::int64_t>() / 1024)};
  const auto time = weir::parse_http_date(in.rest(), now);
  if (time && *time < std::chrono::sys_days(std::chrono::year(10'000) / 1 / 1))
    must(weir::parse_http_date(weir::to_http_date(*time), now) == time);
  must(weir::to_http_date(now).view().ends_with(" GMT"));
  return 0;
}
