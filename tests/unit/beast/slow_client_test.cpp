// Clients that take a response in slowly, but do.
#include "server_fixture.hpp"

#include <catch2/catch.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>

using namespace weir_test;

namespace {

constexpr std::size_t large_body = 32 << 20; // much more than the kernel's buffers
constexpr auto slow_limit = 500ms;

/// Takes 16 KiB every 20 ms for several times the limit; how long it has taken nothing for, at most.
std::chrono::steady_clock::duration take_slowly(raw_client& client) {
  using clock = std::chrono::steady_clock;
  const int window = 64 * 1024;
  ::setsockopt(client.raw_socket::get(), SOL_SOCKET, SO_RCVBUF, &window, sizeof window);
  clock::duration longest_pause{};
  char part[16 * 1024];
  const auto begun = clock::now();
  for (auto before = begun; before - begun < 3 * slow_limit;) {
    std::this_thread::sleep_for(20ms); // the client that this is about
    if (::recv(client.raw_socket::get(), part, sizeof part, 0) <= 0) break;
    const auto now = clock::now();
    longest_pause = std::max(longest_pause, now - before);
    before = now;
  }
  return longest_pause;
}

} // namespace

// The kernel says that there is room when a third of its buffer is empty, which may be of megabytes.
TEST_CASE("slow client: one that takes something all the time is not cut off", "[beast][time-out]") {
  running_server server([](weir::http_server& on) {
    on.get("/parts",
           [](http_request&, http_response& out) -> task {
             const std::string part(1 << 20, 'x');
             if (co_await out.start(large_body)) co_return;
             for (std::size_t sent = 0; sent < large_body; sent += part.size())
               if (co_await out.write(boost::asio::buffer(part))) co_return;
           },
           {.progress_timeout = slow_limit});
    on.get("/whole",
           [](http_request&, http_response& out) -> task {
             out.body(std::string(large_body, 'x'));
             co_return;
           },
           {.progress_timeout = slow_limit});
  });
  const std::string target = GENERATE("/parts", "/whole");
  // Where the machine has kept the client waiting, it was not what it is to be.
  double cut_off = 1;
  for (int i = 0; i < 10 && cut_off != 0; ++i) {
    const double before = server.by.finished();
    raw_client client(server.port());
    client.send(get_request(target));
    const auto longest_pause = take_slowly(client);
    cut_off = server.by.finished() - before;
    if (longest_pause < slow_limit / 4) break;
  }
  CHECK(cut_off == 0);
}
