#include "log/line_heads.hpp"
#include "log/number_text.hpp"
#include "log/timestamp_text.hpp"
#include "weir/log/record.hpp"
#include "weir/log/renderer.hpp"

namespace weir {

namespace {

std::string head_of(level severity, std::string_view logger) {
  text_buffer head;
  append(head, R"(","level":")");
  append(head, to_string_view(severity));
  append(head, R"(","logger":")");
  detail::append_escaped(head, logger, field_style::json);
  append(head, R"(","message":")");
  return {head.data(), head.size()};
}

void append_ids(detail::line_writer& line, const correlation& ids) {
  constexpr std::string_view trace = R"(,"trace_id":")", span = R"(","span_id":")";
  char* at = line.reserve(trace.size() + 32 + span.size() + 16 + 1);
  std::memcpy(at, trace.data(), trace.size());
  at = detail::write_hex(detail::write_hex(at + trace.size(), ids.trace_id_high), ids.trace_id_low);
  std::memcpy(at, span.data(), span.size());
  at = detail::write_hex(at + span.size(), ids.span_id);
  *at = '"';
  line.advance_to(at + 1);
}

class json_renderer final : public renderer {
 public:
  void render(const record& entry, text_buffer& out) override {
    detail::line_writer line(out);
    line.append(R"({"time":")");
    time_.append(line, entry.unix_nanoseconds());
    heads_.append(line, entry.severity(), entry.logger_name(), head_of);
    entry.write_message(line, field_style::json);
    line.append('"');
    if (const correlation* ids = entry.ids()) append_ids(line, *ids);
    entry.write_fields(line, field_style::json);
    line.append("}\n");
  }

 private:
  detail::timestamp_text time_;
  detail::line_heads heads_;
};

} // namespace

std::unique_ptr<renderer> as_json() { return std::make_unique<json_renderer>(); }

} // namespace weir
