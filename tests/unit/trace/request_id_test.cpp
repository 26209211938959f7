// X-Request-ID: which ones are taken over, and what is made when there is none.
#include "weir/trace/request_id.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

namespace {

TEST_CASE("request id: the usual ones are taken over", "[trace][request_id]") {
  for (const std::string_view id : {
           "7b0d5c2e-5f0b-4a8e-9d3c-2f1e6a7b8c9d",     // UUID
           "4bf92f3577b34da6a3ce929d0e0e4736",         // hexadecimal
           "01ARZ3NDEKTSV4RRFFQ69G5FAV",               // ULID
           "a+b/c==",                                  // base64
           "Root=1-67891233-abcdef012345678912345678", // X-Ray
           "req_1:web.2@host",
       }) {
    INFO(id);
    CHECK(weir::parse_request_id(id) == id);
  }
}

TEST_CASE("request id: white space around it is not part of it", "[trace][request_id]") {
  CHECK(weir::parse_request_id(" \t abc\t ") == "abc");
  CHECK_FALSE(weir::parse_request_id(" \t "));
  CHECK_FALSE(weir::parse_request_id("a b"));
}

TEST_CASE("request id: 1 to 128 characters", "[trace][request_id]") {
  CHECK_FALSE(weir::parse_request_id(""));
  CHECK(weir::parse_request_id("a"));
  CHECK(weir::parse_request_id(std::string(128, 'a')));
  CHECK_FALSE(weir::parse_request_id(std::string(129, 'a')));
}

TEST_CASE("request id: letters, digits and eight others, nothing else", "[trace][request_id]") {
  constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:+/=@";
  for (int c = 0; c < 256; ++c) {
    const char text[] = {'a', static_cast<char>(c), 'b'};
    INFO(c);
    CHECK(weir::parse_request_id({text, 3}).has_value() == (allowed.find(text[1]) != allowed.npos));
  }
  CHECK_FALSE(weir::parse_request_id("abc\r\nSet-Cookie: a=b"));
  CHECK_FALSE(weir::parse_request_id("one, two"));
}

TEST_CASE("request id: a new one is a random UUID in lower case", "[trace][request_id]") {
  std::string last;
  for (int i = 0; i < 1'000; ++i) {
    const std::string id(weir::random_request_id().view());
    REQUIRE(id.size() == 36);
    for (std::size_t at = 0; at < id.size(); ++at) {
      if (at == 8 || at == 13 || at == 18 || at == 23)
        REQUIRE(id[at] == '-');
      else
        REQUIRE(std::string_view("0123456789abcdef").find(id[at]) != std::string_view::npos);
    }
    REQUIRE(id[14] == '4');
    REQUIRE(std::string_view("89ab").find(id[19]) != std::string_view::npos);
    REQUIRE(weir::parse_request_id(id) == id);
    REQUIRE(id != last);
    last = id;
  }
}

} // namespace
