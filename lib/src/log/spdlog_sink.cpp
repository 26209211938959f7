#include "weir/log/spdlog_sink.hpp"

#include "log/escape.hpp"
#include "log/text_ids.hpp"
#include "weir/log/record.hpp"
#include "weir/log/text_buffer.hpp"

#include <spdlog/details/log_msg.h>
#include <spdlog/sinks/sink.h>

#include <chrono>
#include <stdexcept>
#include <string>

namespace weir {

namespace {

spdlog::level::level_enum to_spdlog(level severity) noexcept {
  switch (severity) {
  case level::trace:
    return spdlog::level::trace;
  case level::debug:
    return spdlog::level::debug;
  case level::info:
    return spdlog::level::info;
  case level::warn:
    return spdlog::level::warn;
  case level::error:
    return spdlog::level::err;
  case level::critical:
    return spdlog::level::critical;
  case level::off:
    break;
  }
  return spdlog::level::off;
}

/// Says on this thread that a record is on its way from weir to spdlog.
class inside_spdlog {
 public:
  inside_spdlog() noexcept { detail::inside_spdlog_sink = true; }
  ~inside_spdlog() { detail::inside_spdlog_sink = before_; }
  inside_spdlog(const inside_spdlog&) = delete;
  inside_spdlog& operator=(const inside_spdlog&) = delete;

 private:
  const bool before_ = detail::inside_spdlog_sink;
};

class through_spdlog final : public sink {
 public:
  explicit through_spdlog(std::shared_ptr<spdlog::sinks::sink> target) : sink("spdlog"), target_(std::move(target)) {}

  void append(const record& entry) override {
    if (!target_->should_log(to_spdlog(entry.severity()))) return decline();
    write_payload(entry);
    name_.clear();
    detail::append_escaped(name_, entry.logger_name(), field_style::text);
    const source_position position = entry.position();
    file_.assign(position.file); // spdlog wants them terminated
    function_.assign(position.function);
    const std::chrono::nanoseconds since_epoch(entry.unix_nanoseconds());
    const spdlog::log_clock::time_point time(std::chrono::duration_cast<spdlog::log_clock::duration>(since_epoch));
    spdlog::details::log_msg message(time, {file_.c_str(), static_cast<int>(position.line), function_.c_str()},
                                     {name_.data(), name_.size()}, to_spdlog(entry.severity()),
                                     {payload_.data(), payload_.size()});
    message.thread_id = entry.thread_id();
    const inside_spdlog marked;
    target_->log(message);
  }

  commit_result commit() override { return {}; }
  void flush() override { target_->flush(); }

 private:
  void write_payload(const record& entry) {
    payload_.clear();
    detail::line_writer line(payload_);
    entry.write_message(line, field_style::text);
    entry.write_fields(line, field_style::text);
    if (const correlation* ids = entry.ids()) detail::append_ids(line, *ids);
  }

  std::shared_ptr<spdlog::sinks::sink> target_;
  text_buffer name_, payload_;
  std::string file_, function_;
};

} // namespace

std::shared_ptr<sink> spdlog_sink(std::shared_ptr<spdlog::sinks::sink> target) {
  if (target == nullptr) throw std::invalid_argument("spdlog_sink: the spdlog sink is null");
  return std::make_shared<through_spdlog>(std::move(target));
}

} // namespace weir
