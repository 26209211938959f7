// The log of lifecycle_child, and what logs before main and after it.
#pragma once

#include "weir/log.hpp"

#include <cstdlib>
#include <string_view>

namespace lifecycle {

/// The process's log, started by whoever comes first: a file, named by the environment.
inline weir::logger& log() {
  static weir::logger& main_logger = [&]() -> weir::logger& {
    return weir::start_logging({.sinks = {weir::file_sink(std::getenv("LIFECYCLE_LOG"))}}).get_logger("main");
  }();
  return main_logger;
}

inline constexpr int records_each = 100;

/// A static object that logs when it is made and when it goes.
class static_speaker {
 public:
  explicit static_speaker(std::string_view name) : name_(name) {
    for (int i = 0; i < records_each; ++i) WEIR_INFO(log(), "constructor {} {}", name_, i);
  }
  ~static_speaker() {
    for (int i = 0; i < records_each; ++i) WEIR_INFO(log(), "destructor {} {}", name_, i);
  }
  static_speaker(const static_speaker&) = delete;
  static_speaker& operator=(const static_speaker&) = delete;

 private:
  std::string_view name_;
};

} // namespace lifecycle
