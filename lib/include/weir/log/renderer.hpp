// Renderers: from a record to one line.
#pragma once

#include "weir/log/record.hpp"

#include <array>
#include <cstdint>
#include <memory>

namespace weir {

/// Turns a record into one line, line feed included; whatever the record holds, the line is valid UTF-8 and one line.
/// Each sink has a renderer of its own, called by the backend thread only, so an implementation may keep state.
class renderer {
 public:
  virtual ~renderer() = default;
  virtual void render(const record& entry, text_buffer& out) = 0;
};

/// `2026-11-21T19:35:21.123456Z` (RFC 3339, UTC), with all but the fraction remembered from the call before.
class timestamp_text {
 public:
  static constexpr std::size_t size = 27;
  void append(text_buffer& out, std::int64_t unix_nanoseconds);

 private:
  std::int64_t second_ = INT64_MIN;
  std::array<char, size> text_{};
};

/// For people: `<time> <level> [<logger>] <message> <key>=<value>… trace_id=… span_id=…`.
class text_renderer final : public renderer {
 public:
  void render(const record& entry, text_buffer& out) override;

 private:
  timestamp_text time_;
};

/// For programs, one JSON object a line (RFC 8259): time, level, logger, message, trace_id, span_id (when there are
/// any), then the fields with their types kept. Numbers that JSON does not have become the strings "NaN", "Infinity",
/// "-Infinity".
class json_renderer final : public renderer {
 public:
  void render(const record& entry, text_buffer& out) override;

 private:
  timestamp_text time_;
};

std::unique_ptr<renderer> as_text();
std::unique_ptr<renderer> as_json();

} // namespace weir
