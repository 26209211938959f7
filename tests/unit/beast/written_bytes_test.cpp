// How many bytes of its body a response counts with.
#include "weir/beast/request_scope.hpp"

#include "http/observed.hpp"
#include "raw_client.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <catch2/catch.hpp>

#include <cstddef>
#include <sstream>

using weir_test::json_member;
using weir_test::observed;
namespace asio = boost::asio;
namespace http = boost::beast::http;
using error_code = boost::system::error_code;

TEST_CASE("scope: of a response that was broken off, what of its body was written counts", "[beast]") {
  observed by;
  asio::io_context io;
  asio::ip::tcp::socket socket(io);
  weir::request_scope scope(by.observer, socket);
  const auto counted = [&](const auto& response, const error_code& error, std::size_t of_body) {
    std::ostringstream header;
    header << response.base();
    scope.begin({});
    scope.responding(response);
    scope.finish(error, response, header.str().size() + of_body);
    return json_member(by.access_lines().back(), "http.response.body.size");
  };
  http::response<http::string_body> ready(http::status::not_found, 11);
  ready.set(http::field::server, "stock");
  ready.set("X-Empty", "");
  ready.insert(http::field::set_cookie, "a=b");
  ready.insert(http::field::set_cookie, "c=d");
  ready.body() = "no such thing";
  ready.prepare_payload();
  CHECK(counted(ready, {}, 13) == "13");
  CHECK(counted(ready, asio::error::connection_reset, 5) == "5");
  CHECK(counted(ready, asio::error::connection_reset, 0) == "0");
  ready.reason("Nowhere");
  ready.version(10);
  CHECK(counted(ready, asio::error::broken_pipe, 5) == "5");
  ready.chunked(true);
  CHECK(counted(ready, {}, 30) == "13");
  http::response<http::buffer_body> unsized(http::status::ok, 11);
  CHECK(counted(unsized, {}, 7) == "7");
  CHECK(counted(unsized, asio::error::eof, 3) == "3");
  // Nothing at all, not even the header.
  scope.begin({});
  scope.responding(ready);
  scope.finish(asio::error::connection_reset, ready, 0);
  CHECK(json_member(by.access_lines().back(), "http.response.body.size") == "0");
}
