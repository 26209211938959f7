// What a request on a connection that is in use allocates: this program's malloc counts. Not under sanitizers, which
// have a malloc of their own.
#include "weir/http/exchange.hpp"

#include "http/query_redactor.hpp"
#include "sent.hpp"
#include "weir/http/access_log.hpp"
#include "weir/http/observer.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

extern "C" void* __libc_malloc(std::size_t);

namespace {

constinit thread_local int allocations = 0;

/// How often the third request of its kind on a connection allocates. `others`: of the requests between them.
int allocations_of_one(const weir_test::sent& headers, weir::observer_options options = {},
                       const weir_test::sent* others = nullptr) {
  weir::metrics_registry registry;
  options.metrics = &registry;
  weir::request_observer observer(options);
  weir::exchange exchange(observer);
  int before = 0;
  for (int i = 0; i < 3; ++i) {
    if (others != nullptr) {
      weir_test::begin_with(exchange, *others);
      weir_test::complete(exchange);
    }
    before = allocations;
    weir_test::begin_with(exchange, headers, {.target = "/download/a-name-that-is-too-long-to-be-held-in-place"});
    exchange.set_route("/download/{name}");
    weir_test::complete(exchange);
  }
  return allocations - before;
}

} // namespace

extern "C" void* malloc(std::size_t size) {
  ++allocations;
  return __libc_malloc(size);
}

TEST_CASE("allocation: a request takes none, traced or not", "[http]") {
  using weir::request_id_policy;
  const std::pair<std::string_view, std::string_view> traceparent{
      "traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"};
  const std::pair<std::string_view, std::string_view> request_id{"X-Request-ID",
                                                                 "7c9e6679-7425-40de-944b-e07fc1f90ae7"};
  CHECK(allocations_of_one({}) == 0);
  CHECK(allocations_of_one({traceparent}) == 0);
  CHECK(allocations_of_one({{"b3", "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1"}}) == 0);
  CHECK(allocations_of_one({traceparent}, {.trust_callers = false}) == 0);
  CHECK(allocations_of_one({traceparent, request_id}) == 0);
  CHECK(allocations_of_one({traceparent}, {.request_ids = request_id_policy::always}) == 0);
  CHECK(allocations_of_one({traceparent, {"X-Request-Timeout-Ms", "never"}}) == 0);
}

TEST_CASE("allocation: a request with a deadline takes none, be it the caller's or the server's", "[http]") {
  const std::pair<std::string_view, std::string_view> deadline{"X-Request-Timeout-Ms", "60000"};
  const weir_test::sent none;
  CHECK(allocations_of_one({deadline}) == 0);
  CHECK(allocations_of_one({}, {.default_deadline = std::chrono::seconds(60)}) == 0);
  CHECK(allocations_of_one({deadline, {"X-Request-ID", "7c9e6679-7425-40de-944b-e07fc1f90ae7"}}) == 0);
  CHECK(allocations_of_one({deadline}, {}, &none) == 0);
}

TEST_CASE("allocation: baggage takes three, its text and two contexts", "[http]") {
  CHECK(allocations_of_one({{"baggage", "a-key-that-is-too-long=to-be-held-in-place"}}) == 3);
}

TEST_CASE("allocation: of baggage's headers the fifth takes one more", "[http]") {
  const std::pair<std::string_view, std::string_view> header{"baggage", "a-key-that-is-too-long=to-be-held-in-place"};
  CHECK(allocations_of_one({header, header, header, header}) == 3);
  CHECK(allocations_of_one({header, header, header, header, header, header}) == 4);
}

TEST_CASE("allocation: a query is looked through without any", "[http]") {
  const weir::detail::query_redactor redactor(weir::usual_secret_parameters());
  std::string kept;
  kept.reserve(1000);
  const int before = allocations;
  redactor.append(kept, "q=green%20tea&page=2&a-name-that-is-too-long-to-be-held-in-place=1&filter[color]=red");
  redactor.append(kept, "&access_token=secret&to=https%3A%2F%2Fa%2F%3Ftoken%3Ds");
  CHECK(allocations == before);
  CHECK(kept.ends_with("&access_token=REDACTED&to=REDACTED"));
}
