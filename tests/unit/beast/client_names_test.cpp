// How the client resolves names: beside each other, and without keeping anybody.
#include "weir/beast/client.hpp"

#include "client_fixture.hpp"
#include "name_resolver.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <dlfcn.h>
#include <netdb.h>

#include <condition_variable>
#include <future>
#include <mutex>
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

} // namespace

/// The system's, for all other names.
extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints, addrinfo** found) {
  if (name != nullptr && std::string_view(name).starts_with("slow")) {
    slow_names::wait();
    return EAI_NONAME;
  }
  static const auto system = reinterpret_cast<decltype(&::getaddrinfo)>(::dlsym(RTLD_NEXT, "getaddrinfo"));
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
