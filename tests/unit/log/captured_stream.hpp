// For tests: a stream whose lines are read back.
#pragma once

#include "bare_renderer.hpp"

#include "weir/log.hpp"
#include "weir/testing/capturing_sink.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

class captured_stream {
 public:
  explicit captured_stream(weir::log_options options = {}, std::unique_ptr<weir::renderer> renderer = as_bare_text())
      : sink_(std::make_shared<weir::testing::capturing_sink>(std::move(renderer))),
        stream_(with(std::move(options), sink_)),
        logger_(stream_.get_logger("test")) {}

  weir::testing::capturing_sink& sink() { return *sink_; }
  weir::log_stream& stream() { return stream_; }
  weir::logger& log() { return logger_; }

  /// Everything logged so far.
  std::vector<std::string> lines() {
    stream_.flush(std::chrono::minutes(1));
    return sink_->lines();
  }
  std::string last_line() {
    const auto all = lines();
    return all.empty() ? std::string("(none)") : all.back();
  }

 private:
  static weir::log_options with(weir::log_options options, std::shared_ptr<weir::sink> sink) {
    options.sinks.push_back(std::move(sink));
    return options;
  }

  std::shared_ptr<weir::testing::capturing_sink> sink_;
  weir::log_stream stream_;
  weir::logger& logger_;
};
