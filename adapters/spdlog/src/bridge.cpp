#include "weir/spdlog/bridge.hpp"

#include "log/option_check.hpp"
#include "logger_cache.hpp"

#include "weir/log/spdlog_sink.hpp"

#include <fmt/format.h>
#include <spdlog/details/log_msg.h>
#include <spdlog/formatter.h>

#include <cstdint>
#include <string_view>
#include <system_error>

namespace weir {

namespace {

std::chrono::milliseconds checked(std::chrono::milliseconds flush_limit) {
  detail::check_option<std::int64_t>("spdlog_bridge: flush_limit (ms)", flush_limit.count(), 0, 3'600'000);
  return flush_limit;
}

level to_weir(spdlog::level::level_enum severity) noexcept {
  switch (severity) {
  case spdlog::level::trace:
    return level::trace;
  case spdlog::level::debug:
    return level::debug;
  case spdlog::level::info:
    return level::info;
  case spdlog::level::warn:
    return level::warn;
  case spdlog::level::err:
    return level::error;
  default: // off, which spdlog writes whatever its threshold
    return level::critical;
  }
}

std::string_view view(spdlog::string_view_t text) noexcept { return {text.data(), text.size()}; }
std::string_view view(const char* text) noexcept { return text != nullptr ? text : std::string_view(); }

source_position to_weir(const spdlog::source_loc& place) noexcept {
  if (place.line <= 0) return {};
  return {view(place.filename), static_cast<unsigned>(place.line), view(place.funcname)};
}

} // namespace

spdlog_bridge::spdlog_bridge(log_stream& stream, std::chrono::milliseconds flush_limit)
    : stream_(stream.share()),
      flush_limit_(checked(flush_limit)),
      loggers_(std::make_unique<detail::logger_cache>(stream_)) {}

spdlog_bridge::~spdlog_bridge() = default;

void spdlog_bridge::log(const spdlog::details::log_msg& message) noexcept {
  if (detail::inside_spdlog_sink) [[unlikely]] {
    // relaxed: a statistic.
    turned_back_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  loggers_->find(view(message.logger_name))
      .log_text(to_weir(message.level), view(message.payload), to_weir(message.source));
}

void spdlog_bridge::flush() {
  const flush_result result = stream_.flush(flush_limit_);
  if (result.error == std::errc::timed_out)
    throw spdlog::spdlog_ex(fmt::format("weir: the log was not flushed within {} ms: {} bytes are queued",
                                        flush_limit_.count(), result.pending_bytes));
}

void spdlog_bridge::set_pattern(const std::string&) {}
void spdlog_bridge::set_formatter(std::unique_ptr<spdlog::formatter>) {}

std::uint64_t spdlog_bridge::turned_back() const noexcept {
  // relaxed: as above.
  return turned_back_.load(std::memory_order_relaxed);
}

} // namespace weir
