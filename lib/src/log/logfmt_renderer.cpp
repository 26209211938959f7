#include "log/line_heads.hpp"
#include "log/text_ids.hpp"
#include "log/timestamp_text.hpp"
#include "log/value_quotes.hpp"
#include "weir/log/record.hpp"
#include "weir/log/renderer.hpp"

#include <optional>

namespace weir {

namespace {

std::string head_of(level severity, std::string_view logger) {
  text_buffer head;
  append(head, " level=");
  append(head, to_string_view(severity));
  append(head, " logger=");
  const std::size_t value = head.size();
  head.push_back('"');
  detail::append_escaped(head, logger, field_style::json);
  detail::end_value(head, value);
  append(head, " message=");
  return {head.data(), head.size()};
}

class logfmt_renderer final : public renderer {
 public:
  void render(const record& entry, text_buffer& out) override {
    detail::line_writer line(out);
    line.append("time=");
    time_.append(line, entry.unix_nanoseconds());
    heads_.append(line, entry.severity(), entry.logger_name(), head_of);
    const std::size_t message = line.yield().size();
    line.append('"');
    entry.write_message(line, field_style::json);
    detail::end_value(line.yield(), message);
    line.resume();
    if (const correlation* ids = entry.ids()) detail::append_ids(line, *ids);
    entry.write_fields(line, field_style::text);
    line.append('\n');
  }
  std::optional<colour_range> colour() const noexcept override { return colour_range{}; }

 private:
  detail::timestamp_text time_;
  detail::line_heads heads_;
};

} // namespace

std::unique_ptr<renderer> as_logfmt() { return std::make_unique<logfmt_renderer>(); }

} // namespace weir
