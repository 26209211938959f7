#include "log/line_heads.hpp"
#include "log/number_text.hpp"
#include "log/timestamp_text.hpp"
#include "weir/log/record.hpp"
#include "weir/log/renderer.hpp"

#include <optional>

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

void append_position(detail::line_writer& line, const source_position& at) {
  const auto write = [&](std::string_view key, std::string_view text) {
    if (text.empty()) return;
    line.append(key);
    line.append_escaped(text, field_style::json);
    line.append('"');
  };
  write(R"(,"code.file.path":")", at.file);
  if (at.line != 0) {
    line.append(R"(,"code.line.number":)");
    line.advance_to(detail::write_integer(line.reserve(detail::longest_number), at.line));
  }
  write(R"(,"code.function.name":")", at.function);
}

class json_renderer final : public renderer {
 public:
  explicit json_renderer(json_options options) noexcept : options_(options) {}

  void render(const record& entry, text_buffer& out) override {
    detail::line_writer line(out);
    line.append(R"({"time":")");
    time_.append(line, entry.unix_nanoseconds());
    heads_.append(line, entry.severity(), entry.logger_name(), head_of);
    entry.write_message(line, field_style::json);
    line.append('"');
    if (const correlation* ids = entry.ids()) append_ids(line, *ids);
    if (options_.position) append_position(line, entry.position());
    entry.write_fields(line, field_style::json);
    line.append("}\n");
  }
  std::optional<colour_range> colour() const noexcept override { return colour_range{}; }

 private:
  const json_options options_;
  detail::timestamp_text time_;
  detail::line_heads heads_;
};

} // namespace

std::unique_ptr<renderer> as_json(json_options options) { return std::make_unique<json_renderer>(options); }

} // namespace weir
