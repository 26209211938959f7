// For tests: a record of any time, put straight into a sink.
#pragma once

#include "weir/log/record.hpp"
#include "weir/log/sink.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

/// Appends a record with that message and time. Not committed yet.
inline void append_at(weir::sink& target, std::int64_t unix_seconds, std::string_view message) {
  using text = weir::detail::codec<std::string_view>;
  static constinit const weir::detail::call_site site{
      .format = "{}", .file = "file.cpp", .line = 1, .arguments = weir::detail::argument_types<std::string_view>};
  std::vector<std::byte> arguments(text::size(message));
  text::write(arguments.data(), message);
  target.append({site, weir::level::info, arguments.data(), "l", unix_seconds * 1'000'000'000, nullptr, {}, 0});
}
