// How the client resolves names: beside each other, and without keeping anybody.
#include "weir/beast/client.hpp"

#include "client_fixture.hpp"
#include "name_resolver.hpp"
#include "silent_address.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <future>
#include <mutex>
#include <new>
#include <string_view>
#include <system_error>
#include <vector>

#include <catch2/catch.hpp>

using namespace weir_test;

namespace {

/// While it lives, whoever resolves a name that begins with "slow" has to wait; afterwards there is none.
class slow_names {
 public:
  slow_names() {
    const std::lock_guard hold(mutex);
    is_slow = true;
    asked = waiting = most_waiting = 0;
  }
  ~slow_names() {
    const std::lock_guard hold(mutex);
    is_slow = false;
    changed.notify_all();
  }

  static void wait() {
    std::unique_lock hold(mutex);
    ++asked;
    most_waiting = std::max(most_waiting, ++waiting);
    changed.notify_all();
    changed.wait_for(hold, 30s, [] { return !is_slow; });
    --waiting;
  }
  /// Whether there are so many that wait, within ten seconds.
  static bool are_waiting(int number) {
    std::unique_lock hold(mutex);
    return changed.wait_for(hold, 10s, [&] { return waiting == number; });
  }

  static inline std::mutex mutex;
  static inline std::condition_variable changed;
  static inline bool is_slow = false;
  static inline int asked = 0, waiting = 0, most_waiting = 0;
};

/// Threads that cannot be started, from the given one on, while it lives.
class no_more_threads {
 public:
  explicit no_more_threads(int number) { left = number; }
  ~no_more_threads() { left = unlimited; }
  static bool are_left() { return left == unlimited || left-- > 0; }

 private:
  static constexpr int unlimited = -1000;
  static inline std::atomic<int> left{unlimited};
};

} // namespace

extern "C" int pthread_create(pthread_t* made, const pthread_attr_t* how, void* (*run)(void*), void* with) {
  if (!no_more_threads::are_left()) return EAGAIN;
  static const auto system = reinterpret_cast<decltype(&::pthread_create)>(::dlsym(RTLD_NEXT, "pthread_create"));
  return system(made, how, run, with);
}

/// The system's, but for names below .test: those that begin with "poor" there is no memory for, those with "several"
/// have two addresses, the others are here.
extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints, addrinfo** found) {
  static const auto system = reinterpret_cast<decltype(&::getaddrinfo)>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  if (name != nullptr && std::string_view(name).starts_with("slow")) {
    slow_names::wait();
    return EAI_NONAME;
  }
  if (name != nullptr && std::string_view(name).starts_with("poor")) throw std::bad_alloc();
  if (name != nullptr && std::string_view(name).starts_with("several")) {
    if (const int error = system("127.0.0.2", service, hints, found); error != 0) return error;
    addrinfo* last = *found;
    while (last->ai_next != nullptr) last = last->ai_next;
    return system("127.0.0.1", service, hints, &last->ai_next);
  }
  if (name != nullptr && (std::string_view(name).ends_with(".test") || std::string_view(name).ends_with(".test.")))
    name = "127.0.0.1";
  return system(name, service, hints, found);
}

TEST_CASE("client: a name that is slow to be resolved keeps its call no longer than the time-out",
          "[beast][client]") {
  caller hasty({.timeout = 20ms});
  const slow_names slow; // ends before it, as it waits for the resolver
  try {
    hasty.send({"GET", "http://slow.test/"});
    FAIL("it has an answer");
  } catch (const std::system_error& error) {
    CHECK(error.code() == std::errc::timed_out);
  }
  CHECK(hasty.calls({{"error_type", "timeout"}}) == 1);
}

TEST_CASE("client: a name that is slow to be resolved keeps nobody else", "[beast][client]") {
  running_server peer([](weir::http_server& on) { on.get("/tell", tell_headers); });
  caller calling({.timeout = 10s});
  const slow_names slow;
  boost::asio::io_context io;
  const auto [ctx, cancel] = weir::with_cancel(weir::background());
  auto first =
      boost::asio::co_spawn(io, calling.client.send(ctx, {"GET", "http://slow.test/"}), boost::asio::use_future);
  io.poll();
  REQUIRE(slow_names::are_waiting(1));
  CHECK(calling.get(peer.port(), "/tell").status == 200);
  CHECK(calling.send({"GET", fmt::format("http://localhost:{}/tell", peer.port())}).status == 200);
  cancel();
  io.run();
  CHECK_THROWS_AS(first.get(), std::system_error);
}

TEST_CASE("client: one name takes one thread, so many names are asked for at a time, and none that nobody wants",
          "[beast][client]") {
  constexpr int most = weir::detail::name_resolver::most_at_once;
  std::vector<std::future<client_response>> calls;
  running_server peer([](weir::http_server& on) { on.get("/tell", tell_headers); });
  {
    caller calling;
    const slow_names slow;
    boost::asio::io_context io;
    const auto [ctx, cancel] = weir::with_cancel(weir::background());
    const auto call = [&, &under = ctx](const std::string& url) {
      calls.push_back(boost::asio::co_spawn(io, calling.client.send(under, {"GET", url}), boost::asio::use_future));
    };
    for (int i = 0; i < 20; ++i) call("http://slow.test/");
    for (int i = 1; i < most + 5; ++i) call(fmt::format("http://slow{}.test:8080/", i));
    io.poll();
    CHECK(slow_names::are_waiting(most));
    cancel();
    io.run();
    for (auto& each : calls) CHECK_THROWS_AS(each.get(), std::system_error);
    // Behind which the client's thread has let go of all those, too.
    CHECK(calling.get(peer.port(), "/tell").status == 200);
  }
  CHECK(slow_names::most_waiting == most);
  CHECK(slow_names::asked == most);
}

TEST_CASE("client: a name that there is not fails the call, and says which", "[beast][client]") {
  caller calling;
  CHECK_THROWS_WITH(calling.send({"GET", "http://slow.test/"}), Catch::Contains("resolving slow.test"));
}

TEST_CASE("client: a server of several addresses is called where it answers", "[beast][client]") {
  running_server peer([](weir::http_server& on) { on.get("/tell", tell_headers); });
  const silent_address silent(peer.port());
  caller calling;
  CHECK(calling.send({"GET", fmt::format("http://several.test:{}/tell", peer.port())}).status == 200);
}

TEST_CASE("client: names are resolved on as many threads as can be started", "[beast][client]") {
  running_server peer([](weir::http_server& on) { on.get("/tell", tell_headers); });
  caller calling;
  const std::string url = fmt::format("http://stock.test:{}/tell", peer.port());
  CHECK(calling.get(peer.port(), "/tell").status == 200); // what other threads there are, run now
  {
    const no_more_threads none(0);
    CHECK_THROWS_WITH(calling.send({"GET", url}), Catch::Contains("resolving stock.test"));
    CHECK(calling.calls({{"error_type", "timeout"}}) == 0);
  }
  const no_more_threads one(1);
  const slow_names slow;
  boost::asio::io_context io;
  const auto [ctx, cancel] = weir::with_cancel(weir::background());
  std::vector<std::future<client_response>> calls;
  const auto call = [&, &under = ctx](const std::string& where) {
    calls.push_back(boost::asio::co_spawn(io, calling.client.send(under, {"GET", where}), boost::asio::use_future));
  };
  call("http://slow1.test/");
  call("http://slow2.test/");
  io.poll();
  CHECK(slow_names::are_waiting(1));
  CHECK(calling.get(peer.port(), "/tell").status == 200); // behind which both have been taken up
  cancel();
  io.run();
  for (auto& each : calls) CHECK_THROWS_AS(each.get(), std::system_error);
}

TEST_CASE("client: no memory for a name fails the call, and no other", "[beast][client]") {
  running_server peer([](weir::http_server& on) { on.get("/tell", tell_headers); });
  caller calling;
  CHECK_THROWS_WITH(calling.send({"GET", "http://poor.test/"}), Catch::Contains("resolving poor.test"));
  CHECK_THROWS_WITH(calling.send({"GET", "http://poor.test/"}), Catch::Contains("resolving poor.test"));
  CHECK(calling.send({"GET", fmt::format("http://stock.test:{}/tell", peer.port())}).status == 200);
}
