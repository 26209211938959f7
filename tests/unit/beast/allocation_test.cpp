// What finding a route allocates: this program's malloc counts. Not under sanitizers, which have a malloc of their
// own.
#include "weir/beast/router.hpp"

#include <catch2/catch.hpp>

#include <cstddef>

extern "C" void* __libc_malloc(std::size_t);

namespace {

constinit thread_local int allocations = 0;

boost::asio::awaitable<void> nothing(weir::http_request&, weir::http_response&) { co_return; }

} // namespace

extern "C" void* malloc(std::size_t size) {
  ++allocations;
  return __libc_malloc(size);
}

TEST_CASE("allocation: finding a route takes none once its parameters have had room", "[beast][router]") {
  weir::router routes;
  for (const char* each : {"/items/{id}/parts/{part}", "/items/new", "/files/{path*}"})
    routes.add("GET", each, nothing);
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
