// For tests: records made by hand, of any time, level, logger, thread and message, with or without a place.
#pragma once

#include "weir/log/record.hpp"
#include "weir/log/renderer.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// What a record is made of. record() is valid as long as its made_record is, unchanged.
struct made_record {
  std::string message = "message";
  std::int64_t unix_nanoseconds = 1'700'000'000'123'456'789;
  weir::level severity = weir::level::info;
  std::string logger = "logger";
  std::uint32_t thread_id = 4711;
  // Empty and 0: a record that does not know where it was logged.
  std::string file = "/srv/src/some/file.cpp";
  std::uint32_t line = 142;
  std::string function = "do_something";
  weir::correlation ids{};

  weir::record record() {
    const std::string_view texts[] = {file, function, message};
    std::size_t size = sizeof line;
    for (const auto& each : texts) size += codec::size(each);
    arguments_.resize(size);
    std::byte* at = weir::detail::codec<std::uint32_t>::write(arguments_.data(), line);
    for (const auto& each : texts) at = codec::write(at, each);
    const bool traced = (ids.trace_id_high | ids.trace_id_low) != 0;
    const weir::correlation* const id = traced ? &ids : nullptr;
    return {weir::detail::text_site, severity, arguments_.data(), logger, unix_nanoseconds, id, {}, 0, thread_id};
  }

  /// Its line by `renderer`, without the line feed.
  std::string by(weir::renderer& renderer) {
    weir::text_buffer out;
    weir::append(out, "front"); // lines stand behind others in a buffer
    renderer.render(record(), out);
    std::string all(out.data() + 5, out.size() - 5);
    if (all.ends_with('\n'))
      all.pop_back();
    else
      all += "(no line feed)";
    return all;
  }

  using codec = weir::detail::codec<std::string_view>;
  std::vector<std::byte> arguments_{}; // as log_text() records them
};
