// Quill with its defaults: unbounded blocking queues, a backend that looks for work every 100 µs, time stamps from
// the processor's counter, files flushed every 200 ms at most.
#define QUILL_DISABLE_NON_PREFIXED_MACROS
#include "subjects/subject.hpp"

#include <quill/Backend.h>
#include <quill/Frontend.h>
#include <quill/LogMacros.h>
#include <quill/Logger.h>
#include <quill/sinks/FileSink.h>
#include <quill/sinks/JsonSink.h>

#include <cstdio>
#include <memory>
#include <string>

namespace bench {

namespace {

std::shared_ptr<quill::Sink> open_sink(const std::string& path, layout lines) {
  quill::FileSinkConfig config;
  config.set_open_mode('w');
  if (lines == layout::json) return quill::Frontend::create_sink<quill::JsonFileSink>(path, config);
  return quill::Frontend::create_sink<quill::FileSink>(path, config);
}

/// Errors only: each growth of a queue is reported as well.
void report(const std::string& message) {
  if (message.find("Quill INFO") == message.npos) std::fprintf(stderr, "%s\n", message.c_str());
}

class quill_subject final : public subject {
 public:
  quill_subject(const std::string& path, layout lines) : json_(lines == layout::json) {
    quill::BackendOptions options;
    options.log_level_descriptions[static_cast<std::size_t>(quill::LogLevel::Info)] =
        "info"; // as in all others' lines
    options.error_notifier = &report;
    // The backend has the core of this thread, which it inherits.
    quill::Backend::start(options);
    // The JSON sink makes its own lines; an empty pattern spares the formatting of others.
    log_ = quill::Frontend::create_or_get_logger(
        "main", open_sink(path, lines),
        quill::PatternFormatterOptions(json_ ? "" : "%(time) %(log_level:<5) [%(logger)] %(message)",
                                       "%Y-%m-%dT%H:%M:%S.%QusZ", quill::Timezone::GmtTime));
  }
  ~quill_subject() override { quill::Backend::stop(); }

  call_samples time_calls(call_shape shape, const call_timing& timing) override {
    quill::Frontend::preallocate();
    quill::Logger* log = log_;
    switch (shape) {
    case call_shape::string60:
      return timing.run([&](std::uint64_t) { QUILL_LOG_INFO(log, "request for {}", sixty_characters); });
    case call_shape::fields3: // in a text file Quill has no fields: the same text
      return timing.run([&](std::uint64_t i) {
        QUILL_LOG_INFO(log, "request done path={} bytes={} seconds={}", twelve_characters, i, fraction(i));
      });
    case call_shape::below_level:
      return timing.run([&](std::uint64_t i) {
        QUILL_LOG_DEBUG(log, "request int: {}, int: {}, double: {}", i, i + 1, fraction(i));
      });
    case call_shape::recorder:
      log->init_backtrace(200, quill::LogLevel::Error); // about as many as fit 16 KiB
      return timing.run([&](std::uint64_t i) {
        QUILL_LOG_BACKTRACE(log, "request int: {}, int: {}, double: {}", i, i + 1, fraction(i));
      });
    case call_shape::int_int_double:
      break;
    }
    return timing.run(
        [&](std::uint64_t i) { QUILL_LOG_INFO(log, "request int: {}, int: {}, double: {}", i, i + 1, fraction(i)); });
  }

  void log_lines(std::uint64_t first, std::uint64_t count) override {
    quill::Frontend::preallocate();
    if (json_) return log_json(first, count);
    for (std::uint64_t i = first; i < first + count; ++i)
      QUILL_LOG_INFO(log_, "request int: {}, int: {}, double: {}", i, i + 1, fraction(i));
  }

  void finish() override { log_->flush_log(); }

 private:
  void log_json(std::uint64_t first, std::uint64_t count) {
    for (std::uint64_t i = first; i < first + count; ++i)
      QUILL_LOG_INFO(log_, "request done {path} {bytes} {seconds}", twelve_characters, i, fraction(i));
  }

  bool json_;
  quill::Logger* log_ = nullptr;
};

const subject_registration registered("quill", [](const std::string& path, layout lines) -> std::unique_ptr<subject> {
  return std::make_unique<quill_subject>(path, lines);
});

} // namespace

} // namespace bench
