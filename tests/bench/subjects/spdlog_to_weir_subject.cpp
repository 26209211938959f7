// spdlog's calls with weir behind them: the adapter, and weir with its defaults.
#include "subjects/spdlog_calls.hpp"

#include <weir/log.hpp>
#include <weir/spdlog.hpp>

#include <chrono>
#include <stdexcept>
#include <string>

namespace bench {

namespace {

class spdlog_to_weir final : public spdlog_calls {
 public:
  explicit spdlog_to_weir(const std::string& path)
      : spdlog_calls(layout::text), stream_({.sinks = {weir::file_sink(path)}}) {
    log_ = std::make_shared<spdlog::logger>("main", std::make_shared<weir::spdlog_bridge>(stream_));
  }
  void finish() override {
    if (!stream_.flush(std::chrono::minutes(1)))
      throw std::runtime_error("spdlog_to_weir: not written within a minute");
    if (stream_.stats().dropped() != 0) throw std::runtime_error("spdlog_to_weir: records were dropped");
  }

 private:
  weir::log_stream stream_;
};

const subject_registration registered("spdlog_to_weir",
                                      [](const std::string& path, layout lines) -> std::unique_ptr<subject> {
                                        want_text("spdlog_to_weir", lines); // spdlog's calls have no fields
                                        return std::make_unique<spdlog_to_weir>(path);
                                      });

} // namespace

} // namespace bench
