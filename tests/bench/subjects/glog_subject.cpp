// glog with its defaults: every call formats through a stream and writes to a buffered file under one lock.
#include "subjects/subject.hpp"

#include <fmt/format.h>
#include <glog/logging.h>

#include <ostream>

namespace bench {

namespace {

/// Instead of glog's own prefix, which is as long, but not the others'.
void write_prefix(std::ostream& line, const google::LogMessageInfo& about, void*) {
  const google::LogMessageTime& time = about.time;
  char text[64];
  const auto end = fmt::format_to(text, "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z {:<5} [main]", 1900 + time.year(),
                                  1 + time.month(), time.day(), time.hour(), (time.min)(), time.sec(), time.usec(),
                                  about.severity[0] == 'I' ? "info" : about.severity);
  line.write(text, end - text);
  line.precision(10); // of floating point numbers: enough for all of those logged here
}

class glog_subject final : public subject {
 public:
  explicit glog_subject(const std::string& path) {
    FLAGS_log_utc_time = true;
    FLAGS_timestamp_in_logfile_name = false; // the file's name is the path given
    FLAGS_stderrthreshold = google::NUM_SEVERITIES;
    google::InitGoogleLogging("bench", &write_prefix, nullptr);
    google::SetLogSymlink(google::GLOG_INFO, "");
    google::SetLogDestination(google::GLOG_INFO, path.c_str());
  }
  ~glog_subject() override { google::ShutdownGoogleLogging(); }

  call_samples time_calls(call_shape shape, const call_timing& timing) override {
    switch (shape) {
    case call_shape::string60:
      return timing.run([](std::uint64_t) { LOG(INFO) << "request for " << sixty_characters; });
    case call_shape::fields3: // glog has no fields: the same text
      return timing.run([](std::uint64_t i) {
        LOG(INFO) << "request done path=" << twelve_characters << " bytes=" << i << " seconds=" << fraction(i);
      });
    case call_shape::below_level:
      return timing.run([](std::uint64_t i) {
        VLOG(1) << "request int: " << i << ", int: " << i + 1 << ", double: " << fraction(i);
      });
    case call_shape::recorder:
      not_offered("glog", shape);
    case call_shape::int_int_double:
      break;
    }
    return timing.run([](std::uint64_t i) { log_line(i); });
  }

  void log_lines(std::uint64_t first, std::uint64_t count) override {
    for (std::uint64_t i = first; i < first + count; ++i) log_line(i);
  }

  void finish() override { google::FlushLogFiles(google::GLOG_INFO); }

 private:
  static void log_line(std::uint64_t i) {
    LOG(INFO) << "request int: " << i << ", int: " << i + 1 << ", double: " << fraction(i);
  }
};

const subject_registration registered("glog", [](const std::string& path, layout lines) -> std::unique_ptr<subject> {
  want_text("glog", lines);
  return std::make_unique<glog_subject>(path);
});

} // namespace

} // namespace bench
