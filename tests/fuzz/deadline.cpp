// Any bytes as a caller's time limit cannot be read, or are a time that fits, and that is passed on as it came.
#include "weir/http/deadline_header.hpp"

#include "input.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace std::chrono_literals;

namespace {

void check_passed_on(std::chrono::microseconds time) {
  // Within what the header's ten digits can say, and nanoseconds can.
  if (time > 9'999'999'999ms || time < -9'999'999'999ms) return;
  const auto read = weir::parse_timeout(weir::timeout_text(time));
  must(read.has_value());
  must(time > 0us ? *read >= time && *read - time < 1ms : *read == 0us);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text = input(data, size).rest();
  if (const auto time = weir::parse_timeout(text)) {
    must(*time >= -9'999'999'999s && *time <= 9'999'999'999s);
    // In whole milliseconds, so that a second reading is the same.
    must(weir::parse_timeout(std::to_string(time->count() / 1000)) == time || *time / 1ms > 9'999'999'999 ||
         *time / 1ms < -9'999'999'999);
    check_passed_on(*time);
  }
  if (const auto time = weir::parse_grpc_timeout(text)) {
    must(*time >= 0us && *time <= 99'999'999h);
    check_passed_on(*time);
  }
  return 0;
}
