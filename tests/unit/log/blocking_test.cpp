// Waiting for memory: how long, and how it is counted.
#include "captured_stream.hpp"

#include <catch2/catch.hpp>

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using weir::log_options;
using weir::overflow_policy;
using namespace std::chrono_literals;

namespace {

log_options small(weir::overflow_rule rule) {
  return {.overflow = rule, .memory_limit_bytes = 32 * 1024, .chunk_bytes = 4096, .record_limit_bytes = 8 * 1024};
}

/// A test's wait for what another thread does; it ends by that thread alone.
template <class Condition>
void wait_for(Condition holds) {
  while (!holds()) std::this_thread::yield();
}

/// Logs to the stream that it belongs to, as a sink should not.
class chatty_sink final : public weir::sink {
 public:
  chatty_sink() : sink("chatty") {}
  void append(const weir::record&) override {
    if (weir::logger* const to = log.load())
      for (int i = 0; i < 100; ++i) WEIR_INFO(*to, "from the sink {}", std::string(1000, 'x'));
  }
  weir::commit_result commit() override { return {}; }
  std::atomic<weir::logger*> log{nullptr};
};

/// What a signal's handler, which may do little, tells and is told.
int handler_is_in = -1, handler_may_go = -1; // eventfd(2)

void tell(int event) noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto ignored = ::write(event, &one, sizeof one);
}
void await(int event) noexcept {
  std::uint64_t told = 0;
  while (::read(event, &told, sizeof told) < 0 && errno == EINTR) {
  }
}
extern "C" void stay_for_a_while(int) {
  tell(handler_is_in);
  await(handler_may_go);
}

/// Whether a thread of this process sleeps in the kernel.
bool is_asleep(::pid_t thread) {
  std::ifstream file("/proc/self/task/" + std::to_string(thread) + "/stat");
  std::string stat;
  std::getline(file, stat);
  return stat.find(") S ") != stat.npos;
}

/// Logs until it has to wait, and on.
class waiting_producer {
 public:
  static constexpr std::uint64_t records = 5000;
  explicit waiting_producer(captured_stream& test)
      : thread_([&test, this] {
          thread_id_ = ::gettid();
          for (std::uint64_t i = 0; i < records; ++i) WEIR_INFO(test.log(), "some text that takes room {}", i);
          ended_ = true;
          ::pthread_testcancel();
        }) {}
  ::pthread_t handle() { return thread_.native_handle(); }
  bool is_asleep() const { return thread_id_ != 0 && ::is_asleep(thread_id_); }
  bool has_ended() const { return ended_; }
  void join() { thread_.join(); }

 private:
  std::atomic<::pid_t> thread_id_{0};
  std::atomic<bool> ended_{false};
  std::thread thread_;
};

} // namespace

TEST_CASE("block: a signal's handler that stays on a waiting thread holds up nobody else", "[log][overflow]") {
  handler_is_in = ::eventfd(0, EFD_CLOEXEC);
  handler_may_go = ::eventfd(0, EFD_CLOEXEC);
  struct sigaction action {};
  struct sigaction before {};
  action.sa_handler = &stay_for_a_while;
  REQUIRE(::sigaction(SIGUSR1, &action, &before) == 0);
  captured_stream test(small(overflow_policy::block));
  test.sink().block();
  waiting_producer interrupted(test);
  wait_for([&] { return test.stream().stats().blocked_threads == 1 && interrupted.is_asleep(); });
  ::pthread_kill(interrupted.handle(), SIGUSR1);
  await(handler_is_in);
  waiting_producer second(test), third(test);
  wait_for([&] { return test.stream().stats().blocked_threads == 3; });
  test.sink().unblock();
  // Only where they do not get on does this last so long.
  const auto limit = std::chrono::steady_clock::now() + 20s;
  wait_for([&] { return (second.has_ended() && third.has_ended()) || std::chrono::steady_clock::now() > limit; });
  CHECK(second.has_ended());
  CHECK(third.has_ended());
  CHECK_FALSE(interrupted.has_ended());
  tell(handler_may_go);
  for (auto* each : {&interrupted, &second, &third}) each->join();
  CHECK(test.stream().flush(1min));
  CHECK(test.stream().stats().written == 3 * waiting_producer::records);
  ::sigaction(SIGUSR1, &before, nullptr);
  ::close(handler_is_in);
  ::close(handler_may_go);
}

TEST_CASE("block: a thread that is cancelled while it waits logs its record first", "[log][overflow]") {
  captured_stream test(small(overflow_policy::block));
  test.sink().block();
  waiting_producer cancelled(test);
  wait_for([&] { return test.stream().stats().blocked_threads == 1 && cancelled.is_asleep(); });
  ::pthread_cancel(cancelled.handle());
  test.sink().unblock();
  cancelled.join();
  CHECK(cancelled.has_ended());
  CHECK(test.stream().flush(1min));
  CHECK(test.stream().stats().written == waiting_producer::records);
}

TEST_CASE("block_with_limit: a call waits so long and no longer, then drops its record", "[log][overflow]") {
  captured_stream test(small({overflow_policy::block_with_limit, 5ms}));
  test.sink().block();
  test.log().info("first");
  test.sink().wait_until_blocked();
  int calls = 0;
  for (; test.stream().stats().dropped_block_limit == 0; ++calls) WEIR_INFO(test.log(), "record {}", calls);
  const auto before = std::chrono::steady_clock::now();
  WEIR_INFO(test.log(), "in vain");
  CHECK(std::chrono::steady_clock::now() - before >= 5ms);
  const auto during = test.stream().stats();
  CHECK(during.dropped_block_limit == 2);
  CHECK(during.blocked_calls == 2);
  CHECK(during.blocked_time >= 10ms);
  CHECK(during.blocked_threads == 0);
  test.sink().unblock();
  CHECK(test.stream().flush(1min));
  WEIR_INFO(test.log(), "after");
  CHECK(test.lines().back() == "after");
  const auto stats = test.stream().stats();
  CHECK(stats.accepted == static_cast<std::uint64_t>(calls) + 3);
  CHECK(stats.accepted == stats.written + stats.dropped());
}

TEST_CASE("block_with_limit: what is taken in time is not lost", "[log][overflow][concurrent]") {
  captured_stream test(small({overflow_policy::block_with_limit, 1h}));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 10'000; ++i) WEIR_INFO(test.log(), "some text that takes room {}", i);
    });
  for (auto& each : threads) each.join();
  CHECK(test.stream().flush(1min));
  CHECK(test.stream().stats().written == 40'000);
}

TEST_CASE("block: blocked calls and their time are seen while they wait", "[log][overflow][concurrent]") {
  captured_stream test(small(overflow_policy::block));
  test.sink().block();
  constexpr int threads = 2;
  std::vector<std::thread> producers;
  for (int t = 0; t < threads; ++t)
    producers.emplace_back([&] {
      for (int i = 0; i < 5000; ++i) WEIR_INFO(test.log(), "some text that takes room {}", i);
    });
  wait_for([&] { return test.stream().stats().blocked_threads == threads; });
  const auto one = test.stream().stats();
  CHECK(one.blocked_calls >= threads);
  wait_for([&] { return test.stream().stats().blocked_time > one.blocked_time + 1ms; });
  test.sink().unblock();
  for (auto& each : producers) each.join();
  CHECK(test.stream().flush(1min));
  const auto stats = test.stream().stats();
  CHECK(stats.blocked_threads == 0);
  CHECK(stats.blocked_time > one.blocked_time);
  CHECK(stats.written == threads * 5000);
  CHECK(test.stream().stats().blocked_time == stats.blocked_time);
}

TEST_CASE("block: loggers of one stream may have policies of their own", "[log][overflow][concurrent]") {
  captured_stream test(small(overflow_policy::block));
  weir::logger& eager = test.stream().get_logger("eager");
  eager.set_overflow(overflow_policy::drop_newest);
  test.sink().block();
  std::thread patient([&] {
    for (int i = 0; i < 5000; ++i) WEIR_INFO(test.log(), "patient {}", i);
  });
  wait_for([&] { return test.stream().stats().blocked_threads == 1; });
  for (int i = 0; i < 5000; ++i) WEIR_INFO(eager, "eager {}", i); // is not held up
  CHECK(test.stream().stats().dropped_queue_full > 0);
  test.sink().unblock();
  patient.join();
  CHECK(test.stream().flush(1min));
  CHECK(test.sink().count("patient") == 5000);
  const auto stats = test.stream().stats();
  CHECK(stats.accepted == 10'000);
  CHECK(stats.accepted == stats.written + stats.dropped_queue_full);
}

TEST_CASE("block: a sink that logs to its own stream does not wait for itself", "[log][overflow]") {
  const auto chatty = std::make_shared<chatty_sink>();
  auto options = small(overflow_policy::block);
  options.sinks = {chatty};
  weir::log_stream stream(options);
  weir::logger& log = stream.get_logger("l");
  chatty->log = &log;
  WEIR_INFO(log, "one");
  stream.flush(100ms); // there is ever more to write
  chatty->log = nullptr;
  CHECK(stream.flush(1min));
  const auto stats = stream.stats();
  CHECK(stats.dropped_queue_full > 0);
  CHECK(stats.accepted == stats.written + stats.dropped());
}

TEST_CASE("block: streams whose sinks log in a ring do not wait for each other", "[log][overflow][concurrent]") {
  std::vector<std::shared_ptr<chatty_sink>> sinks;
  std::vector<std::unique_ptr<weir::log_stream>> streams;
  for (int i = 0; i < 3; ++i) {
    auto options = small(overflow_policy::block);
    options.sinks = {sinks.emplace_back(std::make_shared<chatty_sink>())};
    streams.push_back(std::make_unique<weir::log_stream>(options));
  }
  for (std::size_t i = 0; i < 3; ++i) sinks[i]->log = &streams[(i + 1) % 3]->get_logger("ring");
  WEIR_INFO(streams[0]->get_logger("ring"), "one");
  const auto dropped = [&] {
    std::uint64_t sum = 0;
    for (const auto& each : streams) sum += each->stats().dropped_queue_full;
    return sum;
  };
  wait_for([&] { return dropped() > 1000; }); // and so again and again
  for (const auto& each : sinks) each->log = nullptr;
  for (const auto& each : streams) {
    CHECK(each->flush(1min));
    const auto stats = each->stats();
    CHECK(stats.accepted == stats.written + stats.dropped());
  }
}

TEST_CASE("block: a sink that hands on to another stream waits for that", "[log][overflow][concurrent]") {
  captured_stream audit(small(overflow_policy::block));
  weir::log_stream stream({.sinks = {weir::callback_sink([&](const weir::record&) {
                             WEIR_INFO(audit.log(), "handed on {}", std::string(100, 'x'));
                           })}});
  audit.sink().block();
  for (int i = 0; i < 5000; ++i) WEIR_INFO(stream.get_logger("l"), "{}", i);
  wait_for([&] { return audit.stream().stats().blocked_threads == 1; });
  audit.sink().unblock();
  CHECK(stream.flush(1min));
  CHECK(audit.stream().flush(1min));
  CHECK(audit.sink().count("handed on") == 5000);
}

TEST_CASE("overflow: a rule out of its range is refused, by name", "[log][overflow]") {
  captured_stream test;
  CHECK_THROWS_WITH(test.log().set_overflow({overflow_policy::block_with_limit, -1ms}),
                    Catch::Contains("limit") && Catch::Contains("-1"));
  CHECK_THROWS_AS(test.log().set_overflow(static_cast<overflow_policy>(9)), std::invalid_argument);
  CHECK_THROWS_WITH(weir::log_stream({.overflow = {overflow_policy::block_with_limit, 2h}}),
                    Catch::Contains("log_options.overflow.limit") && Catch::Contains("7200000"));
}
