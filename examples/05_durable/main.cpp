// Records that must not be lost: each is on the disk before its work is acknowledged, and all who wait share one
// sync.
//
//   build/release/examples/05_durable [FILE]
//
// Eight clerks book 25 payments each into an audit log (payments.log by default). A payment is acknowledged when its
// record is on the disk, or refused. You will see how many were acknowledged, and how many records the file holds.
#include <weir/log.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <exception>
#include <fstream>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace {

constexpr int clerks = 8, payments = 25;

/// Returns whether the payment may be acknowledged.
bool book(weir::log_stream& stream, weir::logger& audit, int clerk, int payment) {
  const auto pays = [&] { WEIR_INFO(audit, "payment", weir::field<"clerk">(clerk), weir::field<"number">(payment)); };
  const weir::flush_result stored = weir::log_durably(stream, pays, std::chrono::seconds(10));
  if (stored && stored.written != 0) return true;
  const std::string why = stored ? "its level is switched off" : stored.error.message();
  std::fprintf(stderr, "payment %d of clerk %d is refused: %s\n", payment, clerk, why.c_str());
  return false;
}

int count_lines(const std::string& path) {
  std::ifstream file(path);
  int lines = 0;
  for (std::string line; std::getline(file, line);) ++lines;
  return lines;
}

} // namespace

int main(int count, char** words) try {
  const std::string path = count > 1 ? words[1] : "payments.log";
  std::remove(path.c_str());
  // A stream of its own: what other loggers lose is not held against the payments.
  weir::log_stream stream({.sinks = {weir::file_sink(path, weir::as_json())}});
  weir::logger& audit = stream.get_logger("audit");

  std::atomic<int> acknowledged = 0;
  std::vector<std::thread> threads;
  for (int clerk = 0; clerk < clerks; ++clerk)
    threads.emplace_back([&, clerk] {
      for (int payment = 0; payment < payments; ++payment)
        if (book(stream, audit, clerk, payment)) ++acknowledged;
    });
  for (auto& each : threads) each.join();

  const weir::flush_result closed = stream.close(std::chrono::seconds(10));
  std::printf("%d payments acknowledged, %d in the file\n", acknowledged.load(), count_lines(path));
  return closed ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "05_durable: %s\n", error.what());
  return 1;
}
