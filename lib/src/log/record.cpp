#include "weir/log/record.hpp"

#include "log/escape.hpp"

#include <fmt/format.h>

namespace weir {

void record::append_raw_message(text_buffer& out) const { site_->append_message(out, arguments_); }

void record::append_message(text_buffer& out, field_style style) const {
  const std::size_t begin = out.size();
  site_->append_message(out, arguments_);
  if (style == field_style::json ? site_->escape_json : site_->escape_text) detail::escape_tail(out, begin, style);
  if (cut_bytes_ != 0) fmt::format_to(fmt::appender(out), " [{} bytes cut]", cut_bytes_);
}

} // namespace weir
