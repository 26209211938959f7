// The stream's loggers by the names of spdlog's.
#pragma once

#include "weir/log/stream.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>

namespace weir::detail {

/// Entries are added and never removed, so that a look-up takes no lock. Thread-safe.
class logger_cache {
 public:
  /// Throws std::bad_alloc.
  explicit logger_cache(log_stream& stream);
  ~logger_cache();
  logger_cache(const logger_cache&) = delete;
  logger_cache& operator=(const logger_cache&) = delete;

  /// The stream's logger of that name. Where there is no memory to make it, the one for loggers without a name.
  /// Cost: a hash and a comparison; for a new name log_stream::get_logger().
  logger& find(std::string_view name) noexcept;

 private:
  struct entry {
    std::string name;
    logger& to;
    const entry* next;
  };
  static constexpr std::size_t bucket_count = 64;

  logger& add(std::atomic<const entry*>& bucket, std::string_view name);

  log_stream& stream_;
  logger& unnamed_;
  std::array<std::atomic<const entry*>, bucket_count> buckets_{};
};

} // namespace weir::detail
