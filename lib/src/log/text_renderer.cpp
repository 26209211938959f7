#include "log/line_heads.hpp"
#include "log/text_ids.hpp"
#include "log/timestamp_text.hpp"
#include "weir/log/record.hpp"
#include "weir/log/renderer.hpp"

#include <array>

namespace weir {

namespace {

std::string head_of(level severity, std::string_view logger) {
  static constexpr std::array<std::string_view, 7> padded_levels{" trace ", " debug ",    " info  ", " warn  ",
                                                                 " error ", " critical ", " off   "};
  text_buffer head;
  append(head, padded_levels[static_cast<std::size_t>(severity)]);
  append(head, "[");
  detail::append_escaped(head, logger, field_style::text);
  append(head, "] ");
  return {head.data(), head.size()};
}

class text_renderer final : public renderer {
 public:
  void render(const record& entry, text_buffer& out) override {
    detail::line_writer line(out);
    time_.append(line, entry.unix_nanoseconds());
    heads_.append(line, entry.severity(), entry.logger_name(), head_of);
    entry.write_message(line, field_style::text);
    entry.write_fields(line, field_style::text);
    if (const correlation* ids = entry.ids()) detail::append_ids(line, *ids);
    line.append('\n');
  }

 private:
  detail::timestamp_text time_;
  detail::line_heads heads_;
};

} // namespace

std::unique_ptr<renderer> as_text() { return std::make_unique<text_renderer>(); }

} // namespace weir
