// A small response in one piece: the same bytes as Beast's serializer gives.
#include "flat_response.hpp"

#include <boost/beast/http/status.hpp>
#include <boost/beast/http/write.hpp>

#include <sstream>
#include <string>

#include <catch2/catch.hpp>

namespace {

namespace http = boost::beast::http;
using message_type = weir::http_response::message_type;
using weir::detail::flat_response;

std::string as_beast_has_it(const message_type& message) {
  std::ostringstream out;
  out << message;
  return out.str();
}

} // namespace

TEST_CASE("flat response: has the bytes that Beast would send", "[beast][flat_response]") {
  message_type message(http::status::ok, 11);
  const auto is_same = [&] {
    flat_response flat;
    return flat.fill(message) && flat.bytes() == as_beast_has_it(message);
  };
  CHECK(is_same());
  message.set(http::field::content_type, "text/plain; charset=utf-8");
  message.insert(http::field::set_cookie, "one=1");
  message.insert(http::field::set_cookie, "two=2");
  message.set("X-Own", "");
  message.body() = std::string("hello\n\0bytes", 12);
  message.prepare_payload();
  CHECK(is_same());
  message.version(10);
  message.result(503);
  message.keep_alive(true);
  CHECK(is_same());
  message.result(799); // which has no reason
  CHECK(is_same());
  message.reason("as it likes");
  CHECK(is_same());
}

TEST_CASE("flat response: what is larger than its memory, or goes out in chunks, is left to Beast",
          "[beast][flat_response]") {
  message_type message(http::status::ok, 11);
  message.set(http::field::content_length, "4000");
  const std::size_t room = flat_response::most_bytes - as_beast_has_it(message).size();
  message.body().assign(room, 'x');
  flat_response just_fits;
  REQUIRE(just_fits.fill(message));
  CHECK(just_fits.bytes() == as_beast_has_it(message));
  message.body().push_back('x');
  CHECK_FALSE(flat_response().fill(message));
  message.body().clear();
  message.set("X-Long", std::string(flat_response::most_bytes, 'x'));
  CHECK_FALSE(flat_response().fill(message));
  message.erase("X-Long");
  message.chunked(true);
  CHECK_FALSE(flat_response().fill(message));
}
