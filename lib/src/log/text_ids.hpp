// A trace's and a span's id as a line of text shows them.
#pragma once

#include "log/line_writer.hpp"
#include "log/number_text.hpp"
#include "weir/correlation.hpp"

namespace weir::detail {

inline void append_trace_id(line_writer& out, const correlation& ids) {
  out.advance_to(write_hex(write_hex(out.reserve(32), ids.trace_id_high), ids.trace_id_low));
}
inline void append_span_id(line_writer& out, const correlation& ids) {
  out.advance_to(write_hex(out.reserve(16), ids.span_id));
}

/// ` trace_id=… span_id=…`.
inline void append_ids(line_writer& out, const correlation& ids) {
  out.append(" trace_id=");
  append_trace_id(out, ids);
  out.append(" span_id=");
  append_span_id(out, ids);
}

} // namespace weir::detail
