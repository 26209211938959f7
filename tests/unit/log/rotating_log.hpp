// For tests: a log that rotates in a directory of its own, and what stands in the way of that.
#pragma once

#include "bare_renderer.hpp"
#include "temporary_directory.hpp"
#include "timed_record.hpp"
#include "weir/log/rotating_file_sink.hpp"

#include <catch2/catch.hpp>

#include <sys/resource.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <system_error>

/// Seconds.
namespace rotating_log_times {
constexpr std::int64_t minute = 60, hour = 3600, day = 24 * hour;
constexpr std::int64_t midnight = 1'795'219'200; // 2026-11-21T00:00:00Z
} // namespace rotating_log_times

/// By name, what stands in them.
using files = std::map<std::string, std::string>;

/// A sink on log.txt in a directory of its own, and what is in that directory.
struct rotating {
  explicit rotating(weir::rotation_options with,
                    std::chrono::milliseconds look_interval = std::chrono::milliseconds(0))
      : options(with), look(look_interval) {
    restart();
  }
  void restart() {
    sink.reset();
    sink =
        weir::rotating_file_sink({.path = directory.file("log.txt"), .look_interval = look}, options, as_bare_text());
  }
  void append(std::int64_t at, const std::string& message) { append_at(*sink, at, message); }
  weir::commit_result write(std::int64_t at, const std::string& message) {
    append(at, message);
    return sink->commit();
  }
  /// Regular files, not links to them.
  ::files files() const {
    ::files all;
    for (const auto& each : std::filesystem::directory_iterator(directory.path()))
      if (each.symlink_status().type() == std::filesystem::file_type::regular)
        all[each.path().filename().string()] = contents_of(each.path().string());
    return all;
  }

  temporary_directory directory;
  weir::rotation_options options;
  std::chrono::milliseconds look;
  std::shared_ptr<weir::sink> sink;
};

/// While it lives, the process can open nothing, root's neither.
class no_more_descriptors {
 public:
  no_more_descriptors() {
    // UndefinedBehaviorSanitizer wants descriptors for looking at what it has not seen before.
    for (const auto* const each : {&std::generic_category(), &std::system_category()})
      REQUIRE(std::error_code(EMFILE, *each) == std::errc::too_many_files_open);
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
    ::rlimit none = before_;
    none.rlim_cur = 0;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  }
  ~no_more_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  no_more_descriptors(const no_more_descriptors&) = delete;
  no_more_descriptors& operator=(const no_more_descriptors&) = delete;

 private:
  ::rlimit before_{};
};
