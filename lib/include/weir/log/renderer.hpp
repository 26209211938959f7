// Renderers: from a record to one line.
#pragma once

#include <memory>

namespace weir {

class record;
class text_buffer;

/// Turns a record into one line, line feed included; whatever the record holds, the line is valid UTF-8 and one line.
/// Each sink has a renderer of its own, called by the backend thread only, so an implementation may keep state.
class renderer {
 public:
  virtual ~renderer() = default;
  virtual void render(const record& entry, text_buffer& out) = 0;
};

/// For people: `2026-11-21T19:35:21.123456Z <level> [<logger>] <message> <key>=<value>… trace_id=… span_id=…`. The
/// time is UTC (RFC 3339).
std::unique_ptr<renderer> as_text();

/// For programs, one JSON object a line (RFC 8259): time, level, logger, message, trace_id, span_id (when there are
/// any), then the fields with their types kept. Numbers that JSON does not have become the strings "NaN", "Infinity",
/// "-Infinity".
std::unique_ptr<renderer> as_json();

} // namespace weir
