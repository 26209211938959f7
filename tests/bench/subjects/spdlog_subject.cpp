// spdlog as a server with several threads uses it: thread-safe sinks (_mt), the format handed over at run time, and
// for the asynchronous one a full queue that blocks.
#include "subjects/subject.hpp"

#include <spdlog/async.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>

#include <utility>

namespace bench {

namespace {

std::shared_ptr<spdlog::sinks::sink> open_sink(const std::string& path) {
  auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
  sink->set_formatter(std::make_unique<spdlog::pattern_formatter>("%Y-%m-%dT%H:%M:%S.%fZ %-5l [%n] %v",
                                                                  spdlog::pattern_time_type::utc));
  return sink;
}

class spdlog_subject : public subject {
 public:
  call_samples time_calls(call_shape shape, const call_timing& timing) override {
    spdlog::logger& log = *log_;
    switch (shape) {
    case call_shape::string60:
      return timing.run([&](std::uint64_t) { log.info("request for {}", sixty_characters); });
    case call_shape::fields3: // spdlog has no fields: the same text
      return timing.run([&](std::uint64_t i) {
        log.info("request done path={} bytes={} seconds={}", twelve_characters, i, fraction(i));
      });
    case call_shape::below_level:
      return timing.run(
          [&](std::uint64_t i) { log.debug("request int: {}, int: {}, double: {}", i, i + 1, fraction(i)); });
    case call_shape::int_int_double:
      break;
    }
    return timing.run(
        [&](std::uint64_t i) { log.info("request int: {}, int: {}, double: {}", i, i + 1, fraction(i)); });
  }

  void log_lines(std::uint64_t first, std::uint64_t count) override {
    for (std::uint64_t i = first; i < first + count; ++i)
      log_->info("request int: {}, int: {}, double: {}", i, i + 1, fraction(i));
  }

 protected:
  std::shared_ptr<spdlog::logger> log_;
};

class sync final : public spdlog_subject {
 public:
  explicit sync(const std::string& path) { log_ = std::make_shared<spdlog::logger>("main", open_sink(path)); }
  void finish() override { log_->flush(); }
};

class async final : public spdlog_subject {
 public:
  explicit async(const std::string& path)
      : sink_(open_sink(path)),
        pool_(std::make_shared<spdlog::details::thread_pool>(spdlog::details::default_async_q_size, 1)) {
    log_ = std::make_shared<spdlog::async_logger>("main", sink_, pool_, spdlog::async_overflow_policy::block);
  }
  /// The pool writes what is queued before it ends; its flush() would only queue a request.
  void finish() override {
    log_.reset();
    pool_.reset();
    sink_->flush();
  }

 private:
  std::shared_ptr<spdlog::sinks::sink> sink_;
  std::shared_ptr<spdlog::details::thread_pool> pool_;
};

} // namespace

std::unique_ptr<subject> open_spdlog_sync(const std::string& path) { return std::make_unique<sync>(path); }
std::unique_ptr<subject> open_spdlog_async(const std::string& path) { return std::make_unique<async>(path); }

} // namespace bench
