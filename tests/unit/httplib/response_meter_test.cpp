// What is read off a response, in whichever pieces it is sent.
#include "weir/httplib/response_meter.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <string_view>

using weir::detail::response_meter;

namespace {

/// All of it, `size` bytes at a time.
response_meter sent(std::string_view bytes, std::size_t size) {
  response_meter meter;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(size, bytes.size()))) meter.sent(bytes.substr(0, size));
  return meter;
}

} // namespace

TEST_CASE("httplib: a response's status and size are known however it is cut", "[httplib]") {
  const std::size_t piece = GENERATE(1, 2, 3, 7, 1000);
  SECTION("a body as it is") {
    const auto meter = sent("HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nhello", piece);
    CHECK(meter.status() == 404);
    CHECK(meter.body_bytes() == 5);
    CHECK(meter.is_whole() == true);
  }
  SECTION("no body") {
    const auto meter = sent("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", piece);
    CHECK(meter.status() == 200);
    CHECK(meter.body_bytes() == 0);
  }
  SECTION("chunks, whose framing does not count, and whose bytes may look like it") {
    const auto meter = sent("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                            "a\r\n0\r\n\r\n56789\r\n1A\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n",
                            piece);
    CHECK(meter.status() == 200);
    CHECK(meter.body_bytes() == 36);
    CHECK(meter.is_whole() == true);
  }
  SECTION("an interim response before it") {
    const auto meter =
        sent("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok", piece);
    CHECK(meter.status() == 201);
    CHECK(meter.body_bytes() == 2);
  }
  SECTION("and that it is not whole") {
    CHECK(sent("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", piece).is_whole() == false);
    const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    CHECK(sent(chunked, piece).is_whole() == false);
    CHECK(sent(chunked + "1\r\nx\r\n", piece).is_whole() == false);
    CHECK(sent(chunked + "1\r\nx\r\n0\r\n", piece).is_whole() == false);
  }
  SECTION("a body that the connection's end ends") {
    const auto meter = sent("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nhello", piece);
    CHECK(meter.body_bytes() == 5);
    CHECK_FALSE(meter.is_whole().has_value());
  }
  SECTION("a header that is not sent to its end has no status") {
    CHECK(sent("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", piece).status() == 0);
    CHECK(sent("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", piece).is_whole() == false);
  }
}
