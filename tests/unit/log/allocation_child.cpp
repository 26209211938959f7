// What the log does about memory: usage: allocation_child SCENE FILE, or a directory where it rotates.
#include "weir/log.hpp"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <new>
#include <string>
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
constexpr long never = -1;
/// Of the backend's allocations, which are numbered while this is set, these fail: from the first to before the last.
std::atomic<long> first_failing{never}, last_failing{0}, number{0};

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

/// There is no memory, now here, now there, for a new logger.
int logger_out_of_memory() {
  constexpr std::string_view name = "a name that is longer than a string keeps in place";
  bool has_failed = true;
  long step = 0;
  for (; has_failed && step < 200; ++step) {
    const auto ring = weir::memory_sink();
    weir::log_stream stream({.sinks = {ring}});
    on_backend = true; // as far as malloc() is concerned
    number = 0;
    last_failing = step + 1;
    first_failing = step;
    try {
      stream.get_logger(name);
    } catch (const std::bad_alloc&) {
    }
    first_failing = never;
    on_backend = false;
    has_failed = number > step;
    weir::logger& log = stream.get_logger(name);
    log.info("after");
    stream.flush(std::chrono::minutes(1));
    if (log.name() == name && ring->snapshot().size() == 1) continue;
    std::printf("failure of allocation %ld: a logger named \"%s\" with %zu records\n", step,
                std::string(log.name()).c_str(), ring->snapshot().size());
    return 1;
  }
  std::printf("%s\n", step > 1 && !has_failed ? "each step survived" : "no such steps");
  return 0;
}

/// A memory ring has no memory, now here, now there, for a line that is longer than those before it.
int ring_out_of_memory() {
  constexpr std::size_t most = 1024;
  bool has_failed = true;
  long step = 0;
  for (; has_failed && step < 200; ++step) {
    const auto ring = weir::memory_sink({.bytes = most});
    weir::log_stream stream({.sinks = {std::make_shared<noting_sink>(), ring}});
    const auto write = [&](int records, std::size_t size) {
      const std::string text(size, 'x');
      for (int i = 0; i < records; ++i) stream.get_logger("l").info("{}", text);
      stream.flush(std::chrono::minutes(1));
    };
    write(40, 10);
    number = 0;
    last_failing = step + 1;
    first_failing = step;
    write(1, 500);
    first_failing = never;
    has_failed = number > step;
    write(40, 10);
    std::size_t bytes = 0;
    for (const std::string& line : ring->snapshot()) bytes += line.size();
    if (bytes <= most && bytes > most - 100) continue;
    std::printf("failure of allocation %ld: %zu bytes are kept\n", step, bytes);
    return 1;
  }
  std::printf("%s\n", step > 1 && !has_failed ? "each step survived" : "no such steps");
  return 0;
}

/// Lines of ours in all files of the directory.
std::uint64_t lines_in(const std::filesystem::path& directory) {
  std::uint64_t lines = 0;
  std::string line;
  for (const auto& each : std::filesystem::directory_iterator(directory))
    for (std::ifstream in(each.path()); std::getline(in, line);)
      lines += line.find("one of ours") != line.npos ? 1 : 0;
  return lines;
}

/// Has the backend's allocations from `step` on fail, as many as `failures`, while a log rotates. Returns what is
/// wrong afterwards; nothing, and `has_failed` false, if there were not so many.
std::string rotate_without_memory(const std::filesystem::path& directory, weir::rotation_naming naming, long step,
                                  long failures, bool& has_failed) {
  constexpr std::uintmax_t file_bytes = 300;
  const auto log_file = directory / "x.log";
  const auto surplus = directory / (naming == weir::rotation_naming::date ? "x.2001-01-01.log" : "x.99.log");
  weir::log_stream stream(
      {.sinks = {
           std::make_shared<noting_sink>(),
           weir::rotating_file_sink(
               {.path = log_file.string(), .create_directories = true, .look_interval = std::chrono::milliseconds(0)},
               {.file_bytes = file_bytes, .keep_bytes = 100'000, .naming = naming})}});
  weir::logger& log = stream.get_logger("l");
  const auto write = [&](int records) {
    for (int i = 0; i < records; ++i) WEIR_INFO(log, "one of ours, number {}, of about a hundred bytes {:>40}", i, i);
    stream.flush(std::chrono::minutes(1));
  };
  write(8);
  std::ofstream(surplus).flush();
  std::filesystem::resize_file(surplus, 100'000); // too much: the next rotation removes it
  number = 0;
  last_failing = step + failures;
  first_failing = step;
  write(4);
  first_failing = never;
  has_failed = number > step;
  write(8);
  const auto stats = stream.stats();
  stream.close(std::chrono::minutes(1));
  if (stats.written + stats.dropped() != stats.accepted) return "records are not accounted for";
  if (lines_in(directory) != stats.written) return "other records were written than are counted";
  if (std::filesystem::file_size(log_file) > file_bytes) return "the rotation was not made up for";
  if (std::filesystem::exists(surplus)) return "the removal was not made up for";
  return {};
}

int rotation_out_of_memory(const std::filesystem::path& directory, weir::rotation_naming naming) {
  for (const long failures : {1L, 40L}) { // for a moment, and for longer
    bool has_failed = true;
    long step = 0;
    for (; has_failed && step < 2000; ++step) {
      const auto own = directory / fmt::format("{}-{}", failures, step);
      const std::string wrong = rotate_without_memory(own, naming, step, failures, has_failed);
      std::filesystem::remove_all(own);
      if (wrong.empty()) continue;
      std::printf("%ld failures from allocation %ld: %s\n", failures, step, wrong.c_str());
      return 1;
    }
    std::printf("%s\n", step > 10 && !has_failed ? "each step survived" : "no such steps");
  }
  return 0;
}

} // namespace

// glibc's documented way to replace malloc; operator new calls it too.
extern "C" void* malloc(std::size_t size) { // NOLINT
  if (counting) ++allocations;
  if (on_backend && short_of_memory) {
    ++refused;
    errno = ENOMEM;
    return nullptr;
  }
  if (on_backend && first_failing != never) {
    const long mine = number++;
    if (mine >= first_failing && mine < last_failing) {
      errno = ENOMEM;
      return nullptr;
    }
  }
  return __libc_malloc(size);
}

int main(int argc, char** argv) {
  if (argc != 3) return 64;
  const std::string_view scene = argv[1];
  if (scene == "call-out-of-memory") return call_out_of_memory();
  if (scene == "logger") return logger_out_of_memory();
  if (scene == "ring") return ring_out_of_memory();
  if (scene == "rotation-by-number") return rotation_out_of_memory(argv[2], weir::rotation_naming::number);
  if (scene == "rotation-by-date") return rotation_out_of_memory(argv[2], weir::rotation_naming::date);
  return scene == "steady-state" ? steady_state(argv[2]) : backend_out_of_memory();
}
