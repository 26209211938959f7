// For tests: lines that show where a statement stands.
#pragma once

#include "weir/log/record.hpp"
#include "weir/log/renderer.hpp"
#include "weir/log/text_buffer.hpp"

#include <fmt/format.h>

#include <memory>

/// `level logger file:line function: message`
class position_renderer final : public weir::renderer {
 public:
  void render(const weir::record& entry, weir::text_buffer& out) override {
    const auto position = entry.position();
    fmt::format_to(fmt::appender(out), "{} {} {}:{} {}: ", weir::to_string_view(entry.severity()),
                   entry.logger_name(), position.file, position.line, position.function);
    entry.append_message(out, weir::field_style::text);
    append(out, "\n");
  }
};

inline std::unique_ptr<weir::renderer> with_position() { return std::make_unique<position_renderer>(); }
