// weir with its defaults: one backend thread, 64 MiB at most, calls wait when that is full.
#include "subjects/subject.hpp"

#include <weir/context.hpp>
#include <weir/context_recording.hpp>
#include <weir/log.hpp>

#include <chrono>
#include <memory>
#include <stdexcept>

namespace bench {

namespace {

class weir_subject final : public subject {
 public:
  weir_subject(const std::string& path, layout lines)
      : json_(lines == layout::json), stream_({.sinks = {sink_of(path, lines)}}), log_(stream_.get_logger("main")) {}

  call_samples time_calls(call_shape shape, const call_timing& timing) override {
    weir::logger& log = log_;
    switch (shape) {
    case call_shape::string60:
      return timing.run([&](std::uint64_t) { WEIR_INFO(log, "request for {}", sixty_characters); });
    case call_shape::fields3:
      return timing.run([&](std::uint64_t i) {
        WEIR_INFO(log, "request done", weir::field<"path">(twelve_characters), weir::field<"bytes">(i),
                  weir::field<"seconds">(fraction(i)));
      });
    case call_shape::recorder:
      return time_recorded(timing);
    case call_shape::below_level:
      return timing.run(
          [&](std::uint64_t i) { WEIR_DEBUG(log, "request int: {}, int: {}, double: {}", i, i + 1, fraction(i)); });
    case call_shape::int_int_double:
      break;
    }
    return timing.run(
        [&](std::uint64_t i) { WEIR_INFO(log, "request int: {}, int: {}, double: {}", i, i + 1, fraction(i)); });
  }

  void log_lines(std::uint64_t first, std::uint64_t count) override {
    if (json_) return log_fields(first, count);
    for (std::uint64_t i = first; i < first + count; ++i)
      WEIR_INFO(log_, "request int: {}, int: {}, double: {}", i, i + 1, fraction(i));
  }

  void finish() override {
    if (!stream_.flush(std::chrono::minutes(1))) throw std::runtime_error("weir: not written within a minute");
    const weir::log_stats stats = stream_.stats();
    if (stats.dropped() != 0) throw std::runtime_error("weir: records were dropped");
  }

 private:
  static std::shared_ptr<weir::sink> sink_of(const std::string& path, layout lines) {
    return weir::file_sink(path, lines == layout::json ? weir::as_json() : weir::as_text());
  }

  static call_samples time_recorded(const call_timing& timing) {
    weir::log_stream stream({.sinks = {weir::null_sink()}, .recorder = weir::recorder_options{}});
    weir::logger& log = stream.get_logger("main");
    weir::recording kept(stream);
    const weir::context ctx = weir::with_recording({}, kept);
    const weir::context_scope current(ctx);
    return timing.run(
        [&](std::uint64_t i) { WEIR_DEBUG(log, "request int: {}, int: {}, double: {}", i, i + 1, fraction(i)); });
  }

  void log_fields(std::uint64_t first, std::uint64_t count) {
    for (std::uint64_t i = first; i < first + count; ++i)
      WEIR_INFO(log_, "request done", weir::field<"path">(twelve_characters), weir::field<"bytes">(i),
                weir::field<"seconds">(fraction(i)));
  }

  bool json_;
  weir::log_stream stream_;
  weir::logger& log_;
};

const subject_registration registered("weir", [](const std::string& path, layout lines) -> std::unique_ptr<subject> {
  return std::make_unique<weir_subject>(path, lines);
});

} // namespace

} // namespace bench
