// Messages whose headers have an allocator of the session's own, as in Beast's http_server_fast.
#include "weir/beast/request_scope.hpp"

#include "http/observed.hpp"
#include "raw_client.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <catch2/catch.hpp>

#include <cstddef>
#include <memory>
#include <string_view>
#include <tuple>
#include <utility>

#include <unistd.h>

using weir_test::json_member;
namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

/// Knows how many are out; made by its owner only.
template <class T>
struct counting_allocator {
  using value_type = T;

  explicit counting_allocator(int& count) : out(&count) {}
  template <class U>
  counting_allocator(const counting_allocator<U>& other) : out(other.out) {} // NOLINT: as all allocators

  T* allocate(std::size_t n) {
    ++*out;
    return std::allocator<T>().allocate(n);
  }
  void deallocate(T* at, std::size_t n) {
    --*out;
    std::allocator<T>().deallocate(at, n);
  }
  friend bool operator==(const counting_allocator& a, const counting_allocator& b) { return a.out == b.out; }

  int* out;
};

using own_allocator = counting_allocator<char>;
using own_fields = http::basic_fields<own_allocator>;

} // namespace

TEST_CASE("scope: headers with an allocator of their own are read and written like others", "[beast]") {
  weir_test::observed by;
  asio::io_context io;
  const weir_test::raw_listener listener;
  const auto client = listener.connect();
  asio::ip::tcp::socket socket(io, asio::ip::tcp::v4(), ::dup(listener.accept().get()));
  weir::request_scope scope(by.observer, socket);
  int out = 0;
  {
    http::request_parser<http::string_body, own_allocator> parser(std::piecewise_construct, std::make_tuple(),
                                                                  std::make_tuple(own_allocator(out)));
    boost::system::error_code error;
    constexpr std::string_view text =
        "POST /things?all HTTP/1.0\r\nX-Request-ID: req-7\r\nContent-Length: 3\r\n"
        "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\r\nabc";
    parser.eager(true);
    parser.put(asio::buffer(text.data(), text.size()), error);
    REQUIRE_FALSE(error);
    const http::request<http::string_body, own_fields>& request = parser.get();
    scope.begin(request, request.body().size());

    http::response<http::string_body, own_fields> response(std::piecewise_construct, std::make_tuple("hello\n"),
                                                           std::make_tuple(own_allocator(out)));
    response.result(201);
    response.prepare_payload();
    const int before = out;
    scope.identify(response);
    CHECK(out == before + 1);
    CHECK(response["X-Request-ID"] == "req-7");
    scope.responding(response);
    scope.finish({}, response.body().size());
  }
  CHECK(out == 0);
  const auto access = by.access_lines();
  REQUIRE(access.size() == 1);
  CHECK(json_member(access[0], "message") == "POST /things 201");
  CHECK(json_member(access[0], "outcome") == "completed");
  CHECK(json_member(access[0], "network.protocol.version") == "1.0");
  CHECK(json_member(access[0], "trace_id") == "4bf92f3577b34da6a3ce929d0e0e4736");
  CHECK(json_member(access[0], "http.request.id") == "req-7");
  CHECK(json_member(access[0], "http.request.body.size") == "3");
  CHECK(json_member(access[0], "http.response.body.size") == "6");
}
