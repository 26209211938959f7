#include "weir/log/record.hpp"

#include "log/line_writer.hpp"
#include "log/message_plan.hpp"

#include <fmt/format.h>

namespace weir {

record::record(const detail::call_site& site, level severity, const std::byte* arguments,
               std::string_view logger_name, std::int64_t unix_nanoseconds, const correlation* ids,
               const std::byte* carried, std::uint64_t cut_bytes, std::uint32_t thread_id, bool recorded)
    : site_(&site),
      arguments_(arguments),
      severity_(severity),
      logger_name_(logger_name),
      unix_nanoseconds_(unix_nanoseconds),
      ids_(ids),
      cut_bytes_(cut_bytes),
      thread_id_(thread_id),
      recorded_(recorded),
      carried_(carried) {
  plan_ = &detail::plan_of(site, arguments);
  plan_->locate(arguments, at_);
}

source_position record::position() const noexcept { return detail::position_of(*site_, arguments_); }

detail::carried_spans record::carried() const noexcept {
  if (carried_ == nullptr) return {};
  const std::byte* at = carried_;
  return detail::read_carried(at);
}

bool record::has_fields() const noexcept { return plan_->has_fields() || recorded_ || carried_ != nullptr; }

void record::append_raw_message(text_buffer& out) const {
  detail::line_writer line(out);
  plan_->write_raw_message(line, at_);
}

void record::append_message(text_buffer& out, field_style style) const {
  detail::line_writer line(out);
  write_message(line, style);
}

void record::append_fields(text_buffer& out, field_style style) const {
  detail::line_writer line(out);
  write_fields(line, style);
}

bool record::append_raw_field(std::string_view key, text_buffer& out) const {
  detail::line_writer line(out);
  if (plan_->write_raw_field(line, at_, key)) return true;
  const detail::carried_spans others = carried();
  for (const auto fields : {others.of_logger, others.of_context})
    if (detail::message_plan::write_raw_field(line, fields, key)) return true;
  return false;
}

void record::write_message(detail::line_writer& out, field_style style) const {
  if (cut_bytes_ == 0) [[likely]]
    return plan_->write_message(out, at_, style);
  plan_->write_message(out, at_, style);
  fmt::format_to(fmt::appender(out.yield()), " [{} bytes cut]", cut_bytes_);
  out.resume();
}

void record::write_fields(detail::line_writer& out, field_style style) const {
  if (!has_fields()) return;
  plan_->write_fields(out, at_, style, cut_bytes_ != 0);
  if (carried_ != nullptr) [[unlikely]]
    plan_->write_carried(out, carried(), style);
  if (recorded_) out.append(style == field_style::json ? ",\"recorded\":true" : " recorded=true");
}

} // namespace weir
