// What the log does about memory: usage: allocation_child SCENE FILE.
#include "weir/log.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <new>
#include <string_view>
#include <thread>

extern "C" void* __libc_malloc(std::size_t);

struct rendered_at_the_call {
  int number;
};
template <>
struct fmt::formatter<rendered_at_the_call> : fmt::formatter<int> {
  auto format(const rendered_at_the_call& value, fmt::format_context& context) const {
    return fmt::formatter<int>::format(value.number, context);
  }
};

namespace {

constinit thread_local bool counting = false, on_backend = false;
constinit thread_local int allocations = 0;
std::atomic<bool> short_of_memory{false};
std::atomic<int> refused{0};

/// Notes which thread is the backend's.
class noting_sink final : public weir::sink {
 public:
  noting_sink() : sink("noting") {}
  void append(const weir::record&) override { on_backend = true; }
  weir::commit_result commit() override { return {}; }
};

/// Prints how much a producer allocates in steady state.
int steady_state(const char* file) {
  weir::log_stream stream({.sinks = {weir::file_sink(file)}, .memory_limit_bytes = 2 << 20});
  weir::logger& log = stream.get_logger("l");
  int made = 0, control = 0;
  std::thread([&] {
    std::uint64_t done = 0;
    const auto run = [&](std::uint64_t records) {
      for (const std::uint64_t end = done + records; done < end; ++done) {
        WEIR_INFO(log, "int: {}, text: {}", done, "some text", weir::field<"n">(0.5));
        log.info("int: {}", done, weir::field<"text">("some text"));
      }
    };
    run(200'000); // until all chunks that the limit allows exist
    counting = true;
    run(200'000);
    made = allocations;
    ::operator delete(::operator new(100)); // the counter counts
    counting = false;
    control = allocations - made;
  }).join();
  std::printf("%d %s\n", made, control == 1 ? "counted" : "not counted");
  return 0;
}

/// The backend has no memory for a while, just when new threads and sinks come up.
int backend_out_of_memory() {
  weir::log_stream stream({.sinks = {std::make_shared<noting_sink>()}});
  weir::logger& log = stream.get_logger("l");
  WEIR_INFO(log, "first");
  stream.flush();
  weir::logger& another = stream.get_logger("another", {std::make_shared<noting_sink>()});
  short_of_memory = true;
  for (int t = 0; t < 20; ++t)
    std::thread([&] {
      for (int i = 0; i < 100; ++i) {
        WEIR_INFO(log, "{}", i);
        WEIR_INFO(another, "{}", i);
      }
    }).join();
  while (refused < 3) std::this_thread::yield();
  short_of_memory = false;
  const bool flushed = stream.flush(std::chrono::minutes(1)).complete;
  const auto stats = stream.stats();
  std::printf("%s, %llu written, %llu dropped\n", flushed ? "flushed" : "not flushed",
              static_cast<unsigned long long>(stats.written), static_cast<unsigned long long>(stats.dropped()));
  return 0;
}

/// A producer has no memory for a message that is to be rendered at the call.
int call_out_of_memory() {
  weir::log_stream stream({.sinks = {std::make_shared<noting_sink>()}});
  weir::logger& log = stream.get_logger("l");
  log.info("before");
  stream.flush();
  on_backend = short_of_memory = true; // as far as malloc() is concerned
  log.info("{:>100000}", rendered_at_the_call{1});
  short_of_memory = false;
  log.info("after");
  stream.flush();
  const auto stats = stream.stats();
  std::printf("%llu accepted, %llu written, %llu unrenderable\n", static_cast<unsigned long long>(stats.accepted),
              static_cast<unsigned long long>(stats.written),
              static_cast<unsigned long long>(stats.dropped_unrenderable));
  return 0;
}

} // namespace

// glibc's documented way to replace malloc; operator new calls it too.
extern "C" void* malloc(std::size_t size) { // NOLINT
  if (counting) ++allocations;
  if (on_backend && short_of_memory) {
    ++refused;
    return nullptr;
  }
  return __libc_malloc(size);
}

int main(int argc, char** argv) {
  if (argc != 3) return 64;
  const std::string_view scene = argv[1];
  if (scene == "call-out-of-memory") return call_out_of_memory();
  return scene == "steady-state" ? steady_state(argv[2]) : backend_out_of_memory();
}
