// Writes numbered records to a file until SIGTERM, for scenarios in which others move that file.
//
//   log_writer FILE looking|signalled|acknowledged
//
// looking: it watches the path; signalled: it reopens on SIGHUP only. Prints how many records it has written.
// acknowledged: it waits for each record to be on the disk, and prints also the numbers of those that were refused.
#include <weir/log.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

namespace {

std::atomic<bool> over{false};

void write_many(weir::logger& log) {
  for (int number = 0; !over;) {
    for (int i = 0; i < 100; ++i) WEIR_INFO(log, "record {} end", number++);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

std::vector<int> write_each(weir::log_stream& stream, weir::logger& log) {
  std::vector<int> refused;
  for (int number = 0; !over; ++number)
    if (!weir::log_durably(stream, [&] { WEIR_INFO(log, "record {} end", number); })) refused.push_back(number);
  return refused;
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 64;
  try {
    weir::file_options options{.path = argv[1]};
    if (argv[2] == std::string_view("signalled")) {
      options.look_interval = std::nullopt;
      weir::reopen_log_files_on(SIGHUP);
    } else if (argv[2] == std::string_view("looking")) {
      options.look_interval = std::chrono::milliseconds(100);
    }
    std::signal(SIGTERM, [](int) { over = true; });
    weir::log_stream stream({.sinks = {weir::file_sink(options)}});
    weir::logger& log = stream.get_logger("writer");
    std::vector<int> refused;
    if (argv[2] == std::string_view("acknowledged"))
      refused = write_each(stream, log);
    else
      write_many(log);
    if (!stream.flush()) return 1;
    std::printf("%llu", static_cast<unsigned long long>(stream.stats().written));
    for (const int number : refused) std::printf(" %d", number);
    std::printf("\n");
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "log_writer: %s\n", error.what());
    return 1;
  }
}
