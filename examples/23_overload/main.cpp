// More records than the disk takes: what becomes of them, and how the program and its operator learn of it.
//
//   build/release/examples/23_overload
//
// You will see on standard output, of each policy, how many of 20 000 records were written and dropped; the line that
// the log itself has where some are missing; and what a flush says whose time was too short.
#include <weir/log.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

using namespace std::chrono_literals;

namespace {

/// A destination that takes nothing for as long as it is told to.
class stuck_disk {
 public:
  auto sink() {
    return weir::callback_sink([this](const weir::record& entry) {
      while (stuck_) std::this_thread::sleep_for(1ms);
      weir::text_buffer message;
      entry.append_message(message, weir::field_style::text);
      const std::string_view text(message.data(), message.size());
      if (text.find("dropped") != text.npos) loss_ = text;
    });
  }
  void recover() { stuck_ = false; }
  const std::string& loss() const { return loss_; }

 private:
  std::atomic<bool> stuck_{true};
  std::string loss_; // the backend's, until the stream is closed
};

void show(const char* name, weir::overflow_rule rule) {
  stuck_disk disk;
  weir::log_stream stream({.sinks = {disk.sink()},
                           .overflow = rule,
                           .memory_limit_bytes = 256 << 10,
                           .chunk_bytes = 16 << 10,
                           .record_limit_bytes = 4096});
  weir::logger& log = stream.get_logger("orders");
  std::thread recovery;
  if (rule.policy == weir::overflow_policy::block)
    recovery = std::thread([&] { // or it would wait for ever
      while (stream.stats().blocked_threads == 0) std::this_thread::sleep_for(1ms);
      disk.recover();
    });
  for (int order = 0; order < 20'000; ++order) WEIR_INFO(log, "order {} has come in", order);
  if (recovery.joinable()) recovery.join();

  if (const auto result = stream.flush(10ms); !result)
    std::printf("%s: after 10 ms of flushing: %s, %s queued\n", name, result.error.message().c_str(),
                result.pending_bytes != 0 ? "some" : "nothing");
  disk.recover();
  stream.close(1min);
  const weir::log_stats stats = stream.stats();
  std::printf("%s: %s written, %s dropped: %s\n", name, stats.written >= 20'000 ? "all" : "some",
              stats.dropped() != 0 ? "some" : "none",
              stats.accepted == stats.written + stats.dropped() ? "the count is exact" : "the count is wrong");
  if (!disk.loss().empty()) std::printf("%s: the log says: %s\n", name, disk.loss().c_str());
}

} // namespace

int main() {
  show("block", weir::overflow_policy::block);
  show("block_with_limit", {weir::overflow_policy::block_with_limit, 0ms});
  show("drop_newest", weir::overflow_policy::drop_newest);
  show("drop_oldest", weir::overflow_policy::drop_oldest);
}
