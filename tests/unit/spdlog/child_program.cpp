// Logs through spdlog when the stream that it leads to is gone: child_program FILE.
#include "weir/log/file_sink.hpp"
#include "weir/spdlog.hpp"

#include <spdlog/spdlog.h>

namespace {
const struct logs_at_the_end {
  logs_at_the_end() { spdlog::set_level(spdlog::level::debug); } // spdlog's registry is older, and goes later
  ~logs_at_the_end() {
    spdlog::info("in a static destructor");
    spdlog::default_logger()->flush();
  }
} at_the_end;
} // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 64;
  weir::log_stream stream({.sinks = {weir::file_sink(argv[1])}});
  weir::take_over_spdlog(stream);
  spdlog::info("in main");
}
