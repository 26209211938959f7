// The log calls of a program that logs with spdlog, wherever they lead.
#pragma once

#include "subjects/subject.hpp"

#include <spdlog/logger.h>

#include <cstdint>
#include <memory>

namespace bench {

class spdlog_calls : public subject {
 public:
  explicit spdlog_calls(layout lines) : json_(lines == layout::json) {}

  call_samples time_calls(call_shape shape, const call_timing& timing) override {
    spdlog::logger& log = *log_;
    switch (shape) {
    case call_shape::string60:
      return timing.run([&](std::uint64_t) { log.info("request for {}", sixty_characters); });
    case call_shape::fields3: // spdlog has no fields: the same text
      return timing.run([&](std::uint64_t i) {
        log.info("request done path={} bytes={} seconds={}", twelve_characters, i, fraction(i));
      });
    case call_shape::recorder:
      log.enable_backtrace(200); // about as many as fit 16 KiB
      [[fallthrough]];
    case call_shape::below_level:
      return timing.run(
          [&](std::uint64_t i) { log.debug("request int: {}, int: {}, double: {}", i, i + 1, fraction(i)); });
    case call_shape::int_int_double:
      break;
    }
    return timing.run(
        [&](std::uint64_t i) { log.info("request int: {}, int: {}, double: {}", i, i + 1, fraction(i)); });
  }

  void log_lines(std::uint64_t first, std::uint64_t count) override {
    if (json_) return log_json(first, count);
    for (std::uint64_t i = first; i < first + count; ++i)
      log_->info("request int: {}, int: {}, double: {}", i, i + 1, fraction(i));
  }

 protected:
  std::shared_ptr<spdlog::logger> log_;

 private:
  void log_json(std::uint64_t first, std::uint64_t count) {
    for (std::uint64_t i = first; i < first + count; ++i)
      log_->info(R"("message":"request done","path":"{}","bytes":{},"seconds":{})", twelve_characters, i,
                 fraction(i));
  }

  bool json_;
};

} // namespace bench
