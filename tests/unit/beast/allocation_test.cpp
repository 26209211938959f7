// What finding a route allocates, and what observing a request adds to what the server does: this program's malloc
// counts. Not under sanitizers, which have a malloc of their own.
#include "weir/beast/router.hpp"

#include "failing_allocations.hpp"
#include "server_fixture.hpp"
#include "weir/beast/request_scope.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/http/empty_body.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

extern "C" void* __libc_malloc(std::size_t);
extern "C" void* __libc_memalign(std::size_t, std::size_t);

namespace {

constinit thread_local int allocations = 0;

boost::asio::awaitable<void> answer_nothing(weir::http_request&, weir::http_response&) { co_return; }

} // namespace

extern "C" void* malloc(std::size_t size) {
  ++allocations;
  if (weir_test::failing_allocations::next_fails()) return nullptr;
  return __libc_malloc(size);
}
extern "C" void* aligned_alloc(std::size_t alignment, std::size_t size) {
  ++allocations;
  if (weir_test::failing_allocations::next_fails()) return nullptr;
  return __libc_memalign(alignment, size);
}

namespace {

/// How often the server's thread allocates from one request on a connection to the next, once both are in use.
std::vector<int> allocations_between_requests(bool is_observed, weir::observer_options observing = {}) {
  constexpr int warm = 5, counted = 20;
  std::vector<int> seen; // by the handler, on the server's thread
  seen.reserve(warm + counted + 1);
  weir_test::running_server server(
      [&](weir::http_server& on) {
        on.get("/hello", [&](weir::http_request&, weir::http_response& response) -> boost::asio::awaitable<void> {
          seen.push_back(allocations);
          response.body("hello\n");
          co_return;
        });
      },
      // Watched late, as in practice: a watch that is armed takes a place in a table.
      {.port = 0, .watch = {.arm_after = std::chrono::seconds(1)}}, is_observed, std::move(observing));
  weir_test::raw_client client(server.port());
  for (int i = 0; i <= warm + counted; ++i)
    if (client.get("/hello").status != 200) return {};
  server.stop(std::chrono::milliseconds(0));
  std::vector<int> between;
  for (std::size_t i = warm; i + 1 < seen.size(); ++i) between.push_back(seen[i + 1] - seen[i]);
  return between;
}

} // namespace

TEST_CASE("allocation: observing a request takes none, with a deadline or without", "[beast]") {
  const std::vector<int> bare = allocations_between_requests(false), observed = allocations_between_requests(true),
                         timed = allocations_between_requests(true, {.default_deadline = std::chrono::hours(1)});
  REQUIRE(bare.size() == 20);
  REQUIRE(observed.size() == 20);
  REQUIRE(timed.size() == 20);
  // The least: what the watch waits for every few milliseconds may take the memory that Asio keeps for the next read.
  CHECK(std::ranges::min(observed) == std::ranges::min(bare));
  CHECK(std::ranges::min(timed) == std::ranges::min(bare));
  CHECK(std::ranges::min(bare) <= 8); // Beast's: of the request and of the response each a few for its header
}

// There was a time when each request left something behind until the io_context ran.
TEST_CASE("allocation: a server that blocks, and never runs its io_context, takes none for a request, either",
          "[beast]") {
  namespace http = boost::beast::http;
  boost::asio::io_context io;
  const weir_test::raw_listener listener;
  const auto client = listener.connect();
  boost::asio::ip::tcp::socket socket(io, boost::asio::ip::tcp::v4(), ::dup(listener.accept().get()));
  const http::request<http::empty_body> request(http::verb::get, "/", 11);
  const http::response<http::empty_body> response(http::status::ok, 11);
  weir::request_observer observer{weir::observer_options{}};
  // One that goes on all the while keeps those behind it, but no more of them than that.
  weir::request_scope long_one(observer, socket), scope(observer, socket);
  long_one.begin(request);
  const auto serve = [&](int requests) {
    for (int i = 0; i < requests; ++i) {
      scope.begin(request);
      scope.responding(response);
      scope.finish({});
    }
  };
  serve(10'000);
  const int before = allocations;
  serve(100'000);
  CHECK(allocations == before);
}

TEST_CASE("allocation: finding a route takes none once its parameters have had room", "[beast][router]") {
  weir::router routes;
  for (const char* each : {"/items/{id}/parts/{part}", "/items/new", "/files/{path*}"})
    routes.add("GET", each, answer_nothing);
  weir::path_params params;
  constexpr const char* paths[] = {
      "/items/7/parts/a-part-with-a-rather-long-name",     "/items/new/parts/1", "/items/new",
      "/files/a%20file%20with%20a%20rather%20long%20name", "/nowhere",           "/items/%zz"};
  const auto find_all = [&] {
    int found = 0;
    for (const char* each : paths)
      if (routes.find("GET", each, params).handler != nullptr) ++found;
    return found;
  };
  REQUIRE(find_all() == 4);
  const int before = allocations;
  const int found = find_all();
  CHECK(allocations == before);
  CHECK(found == 4);
}
