// spdlog as a server with several threads uses it: thread-safe sinks (_mt), the format handed over at run time, and
// for the asynchronous one a full queue that blocks.
#include "subjects/spdlog_calls.hpp"

#include <spdlog/async.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>

#include <utility>

namespace bench {

namespace {

constexpr const char* text_pattern = "%Y-%m-%dT%H:%M:%S.%fZ %-5l [%n] %v";
/// The message is the rest of the object, written by hand: what spdlog's users do for JSON.
constexpr const char* json_pattern = R"({"time":"%Y-%m-%dT%H:%M:%S.%fZ","level":"%l","logger":"%n",%v})";

std::shared_ptr<spdlog::sinks::sink> open_sink(const std::string& path, layout lines) {
  auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
  sink->set_formatter(std::make_unique<spdlog::pattern_formatter>(lines == layout::json ? json_pattern : text_pattern,
                                                                  spdlog::pattern_time_type::utc));
  return sink;
}

class sync final : public spdlog_calls {
 public:
  sync(const std::string& path, layout lines, spdlog::level::level_enum flush_from) : spdlog_calls(lines) {
    log_ = std::make_shared<spdlog::logger>("main", open_sink(path, lines));
    log_->flush_on(flush_from);
  }
  void finish() override { log_->flush(); }
};

class async final : public spdlog_calls {
 public:
  async(const std::string& path, layout lines, spdlog::level::level_enum flush_from)
      : spdlog_calls(lines),
        sink_(open_sink(path, lines)),
        pool_(std::make_shared<spdlog::details::thread_pool>(spdlog::details::default_async_q_size, 1)) {
    log_ = std::make_shared<spdlog::async_logger>("main", sink_, pool_, spdlog::async_overflow_policy::block);
    log_->flush_on(flush_from);
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

template <class Subject, spdlog::level::level_enum FlushFrom>
std::unique_ptr<subject> open(const std::string& path, layout lines) {
  return std::make_unique<Subject>(path, lines, FlushFrom);
}

const subject_registration sync_registered("spdlog_sync", &open<sync, spdlog::level::off>);
const subject_registration sync_flush_registered("spdlog_sync_flush", &open<sync, spdlog::level::info>);
const subject_registration async_registered("spdlog_async", &open<async, spdlog::level::off>);
const subject_registration async_flush_registered("spdlog_async_flush", &open<async, spdlog::level::info>);

} // namespace

} // namespace bench
