// What it takes to flush a stream that has nothing to write, and to close one that has 64 MiB.
//
//   flush --file /dev/shm/flush.log
#include "measuring/options.hpp"
#include "measuring/percentile.hpp"
#include "measuring/result.hpp"
#include "measuring/ticks.hpp"

#include <weir/log.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <exception>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

void print(std::string_view shape, std::string_view metric, std::string_view unit, double value) {
  bench::print({"flush", shape, "weir", metric, unit, value});
}

void flush_empty(const std::string& path, std::uint64_t calls) {
  weir::log_stream stream({.sinks = {weir::file_sink(path)}});
  weir::logger& log = stream.get_logger("main");
  WEIR_INFO(log, "the only record");
  std::vector<std::uint64_t> taken;
  for (std::uint64_t i = 0; i < calls; ++i) {
    const std::uint64_t begin = bench::monotonic_nanoseconds();
    if (!stream.flush()) throw std::runtime_error("flush: not complete");
    taken.push_back(bench::monotonic_nanoseconds() - begin);
  }
  std::ranges::sort(taken);
  print("empty", "p50", "ns", bench::grouped_percentile(taken, 0.5, 1));
  print("empty", "p99", "ns", bench::grouped_percentile(taken, 0.99, 1));
}

/// A file behind a gate: while it is shut records queue up.
class gated_sink final : public weir::sink {
 public:
  explicit gated_sink(const std::string& path) : sink("gated"), target_(weir::file_sink(path)) {}
  void append(const weir::record& entry) override { target_->append(entry); }
  weir::commit_result commit() override {
    {
      std::unique_lock lock(mutex_);
      opened_.wait(lock, [&] { return open_; });
    }
    return target_->commit();
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    opened_.notify_all();
  }

 private:
  std::shared_ptr<weir::sink> target_;
  std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = false;
};

double close_ms(weir::log_stream& stream, std::chrono::milliseconds limit, weir::flush_result& result) {
  const std::uint64_t begin = bench::monotonic_nanoseconds();
  result = stream.close(limit);
  return static_cast<double>(bench::monotonic_nanoseconds() - begin) / 1e6;
}

void close_full(const std::string& path, std::chrono::milliseconds limit) {
  const auto gate = std::make_shared<gated_sink>(path);
  weir::log_stream stream({.sinks = {gate}, .overflow = weir::overflow_policy::drop_newest});
  weir::logger& log = stream.get_logger("main");
  std::uint64_t logged = 0;
  for (; stream.stats().dropped_queue_full == 0; ++logged)
    WEIR_INFO(log, "request int: {}, int: {}, double: {}", logged, logged + 1, static_cast<double>(logged) / 1000.0);
  const std::uint64_t lost = stream.stats().dropped();

  weir::flush_result result;
  print("close_64mib_stuck", "ms", "ms", close_ms(stream, limit, result));
  if (result.complete || result.pending_bytes < (std::size_t{60} << 20))
    throw std::runtime_error(fmt::format("close: {} bytes reported as queued", result.pending_bytes));
  gate->open();
  print("close_64mib", "ms", "ms", close_ms(stream, std::chrono::minutes(1), result));
  if (!result.complete || result.lost != lost || result.written != logged - lost)
    throw std::runtime_error(fmt::format("close: {} of {} records written", result.written, logged));
}

void run(const bench::options& options) {
  const std::string& path = options.text("--file");
  std::remove(path.c_str());
  flush_empty(path, options.number("--calls"));
  std::remove(path.c_str());
  close_full(path, std::chrono::milliseconds(options.number("--limit-ms")));
  std::remove(path.c_str());
}

} // namespace

int main(int count, char** words) {
  try {
    run({count, words, {{"--file", "flush.log"}, {"--calls", "2000"}, {"--limit-ms", "100"}}});
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "flush: %s\n", error.what());
    return 1;
  }
}
