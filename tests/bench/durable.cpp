// Writers that each wait until their record is on the disk: how many a second, and how long each one waits.
//
//   durable --subject weir --writers 32 --milliseconds 2000 --file build/release/tests/bench/durable.log
#include "measuring/options.hpp"
#include "measuring/percentile.hpp"
#include "measuring/result.hpp"
#include "measuring/ticks.hpp"

#include <weir/log.hpp>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <latch>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace {

/// Thread-safe. Returns when the record is on the disk; throws if it is not.
class subject {
 public:
  subject() = default;
  subject(const subject&) = delete;
  subject& operator=(const subject&) = delete;
  virtual ~subject() = default;
  virtual void write_durably(std::uint64_t writer, std::uint64_t i) = 0;
};

/// What programs do that have no group commit: a lock, a write and an fdatasync for each record.
class fdatasync_each final : public subject {
 public:
  explicit fdatasync_each(const std::string& path)
      : descriptor_(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644)) {
    if (descriptor_ < 0) throw std::system_error(errno, std::system_category(), path);
  }
  ~fdatasync_each() override { ::close(descriptor_); }

  void write_durably(std::uint64_t writer, std::uint64_t i) override {
    fmt::memory_buffer line;
    const auto now = std::chrono::system_clock::now();
    fmt::format_to(fmt::appender(line), "{:%Y-%m-%dT%H:%M:%S}Z info  [main] writer {} pays {}\n",
                   fmt::gmtime(std::chrono::system_clock::to_time_t(now)), writer, i);
    const std::lock_guard lock(mutex_);
    if (::write(descriptor_, line.data(), line.size()) != static_cast<ssize_t>(line.size()) ||
        ::fdatasync(descriptor_) != 0)
      throw std::system_error(errno, std::system_category(), "fdatasync_each");
  }

 private:
  std::mutex mutex_;
  int descriptor_;
};

class weir_subject final : public subject {
 public:
  explicit weir_subject(const std::string& path)
      : stream_({.sinks = {weir::file_sink(path)}}), log_(stream_.get_logger("main")) {}

  void write_durably(std::uint64_t writer, std::uint64_t i) override {
    const auto stored = weir::log_durably(stream_, [&] { WEIR_INFO(log_, "writer {} pays {}", writer, i); });
    if (!stored) throw std::system_error(stored.error, "weir");
  }

 private:
  weir::log_stream stream_;
  weir::logger& log_;
};

std::unique_ptr<subject> open(const std::string& name, const std::string& path) {
  if (name == "weir") return std::make_unique<weir_subject>(path);
  if (name == "fdatasync_each") return std::make_unique<fdatasync_each>(path);
  throw std::invalid_argument("there is no subject '" + name + "'");
}

std::uint64_t count_lines(const std::string& path) {
  std::ifstream file(path);
  return static_cast<std::uint64_t>(
      std::count(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>(), '\n'));
}

struct writer {
  std::vector<std::uint64_t> latencies; // ns
  std::exception_ptr failed;
};

void run(const bench::options& options) {
  const std::string& name = options.text("--subject");
  const std::string& path = options.text("--file");
  const std::uint64_t writers = options.number("--writers");
  const std::uint64_t duration = options.number("--milliseconds") * 1'000'000;
  std::remove(path.c_str());
  auto target = open(name, path);

  target->write_durably(writers, 0); // the file exists from here on
  std::vector<writer> all(writers);
  std::latch start(static_cast<std::ptrdiff_t>(writers) + 1);
  std::vector<std::thread> threads;
  std::uint64_t begin = 0;
  for (std::uint64_t w = 0; w < writers; ++w)
    threads.emplace_back([&, w] {
      start.arrive_and_wait();
      try {
        for (std::uint64_t i = 0, at = begin; at - begin < duration; ++i) {
          target->write_durably(w, i);
          const std::uint64_t now = bench::monotonic_nanoseconds();
          all[w].latencies.push_back(now - at);
          at = now;
        }
      } catch (...) {
        all[w].failed = std::current_exception();
      }
    });
  begin = bench::monotonic_nanoseconds();
  start.arrive_and_wait();
  for (auto& each : threads) each.join();
  const std::uint64_t end = bench::monotonic_nanoseconds();

  std::vector<std::uint64_t> latencies;
  for (const writer& each : all) {
    if (each.failed) std::rethrow_exception(each.failed);
    latencies.insert(latencies.end(), each.latencies.begin(), each.latencies.end());
  }
  target.reset();
  if (const std::uint64_t lines = count_lines(path); lines != latencies.size() + 1)
    throw std::runtime_error(fmt::format("{} has {} lines of {}", path, lines, latencies.size() + 1));
  std::remove(path.c_str());

  std::ranges::sort(latencies);
  const std::string shape = fmt::format("w{}", writers);
  bench::print({"durable", shape, name, "records_per_s", "records/s",
                static_cast<double>(latencies.size()) / (static_cast<double>(end - begin) / 1e9)});
  bench::print({"durable", shape, name, "p50", "ns", bench::grouped_percentile(latencies, 0.5, 1)});
  bench::print({"durable", shape, name, "p99", "ns", bench::grouped_percentile(latencies, 0.99, 1)});
}

} // namespace

int main(int count, char** words) {
  try {
    run({count,
         words,
         {{"--subject", "weir"}, {"--writers", "32"}, {"--milliseconds", "2000"}, {"--file", "durable.log"}}});
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "durable: %s\n", error.what());
    return 1;
  }
}
