// Counts what a producer thread allocates in steady state, by operator new and by malloc, and prints it.
#include "weir/log.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <thread>

extern "C" void* __libc_malloc(std::size_t);

namespace {
constinit thread_local bool counting = false;
constinit thread_local int allocations = 0;
} // namespace

// glibc's documented way to replace malloc; operator new calls it too.
extern "C" void* malloc(std::size_t size) { // NOLINT
  if (counting) ++allocations;
  return __libc_malloc(size);
}

int main(int argc, char** argv) {
  if (argc != 2) return 64;
  weir::log_stream stream({.sinks = {weir::file_sink(argv[1])}, .memory_limit_bytes = 2 << 20});
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
    delete new int(1); // the counter counts
    ::operator delete(::operator new(100));
    counting = false;
    control = allocations - made;
  }).join();
  std::printf("%d %s\n", made, control > 0 ? "counted" : "not counted");
  return 0;
}
