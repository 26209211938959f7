// Who counts as an operator.
#include "weir/http/operator_access.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using weir::operator_access;
using weir::operator_verdict;

TEST_CASE("operator_access: this machine is a loopback address that was asked for by its name", "[http]") {
  const operator_access access;
  for (const char* peer : {"127.0.0.1", "127.9.8.7", "::1", "::ffff:127.0.0.1"})
    for (const char* host : {"localhost", "LocalHost:8080", "127.0.0.1", "127.0.0.1:80", "[::1]", "[::1]:8080"}) {
      CAPTURE(peer, host);
      CHECK(access.judge({.peer = peer, .host = host}) == operator_verdict::allowed);
      CHECK(access.judge({.peer = peer, .host = host, .is_forwarded = true}) == operator_verdict::forbidden);
      CHECK(access.judge({.peer = peer, .host = host, .is_foreign_page = true}) == operator_verdict::forbidden);
    }
  // A name that a foreign page has resolve to this machine.
  for (const char* host :
       {"", "evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil.example", "localhos",
        "[::2]", "[", "128.0.0.1", "localhost:80@evil.example", "[::1]@evil.example"}) {
    CAPTURE(host);
    CHECK(access.judge({.peer = "127.0.0.1", .host = host}) == operator_verdict::forbidden);
  }
  for (const char* peer :
       {"", "10.0.0.1", "192.168.127.1", "::2", "::ffff:10.0.0.1", "::ffff:::1", "127.x", "1270.0.0.1"}) {
    CAPTURE(peer);
    CHECK(access.judge({.peer = peer, .host = "localhost"}) == operator_verdict::forbidden);
  }
}

TEST_CASE("operator_access: an absolute target says whom it asks for, and Host does not (RFC 9112 3.2.2)", "[http]") {
  for (const char* target : {"/", "/weir?from=http://evil.example/", "*", "evil.example:80", "weir?a=://b", ""})
    CHECK(weir::requested_host(target, "localhost") == "localhost");
  for (const char* target : {"http://evil.example:80/weir", "HTTP://evil.example:80", "x://evil.example:80?a=b/c"})
    CHECK(weir::requested_host(target, "localhost") == "evil.example:80");
  CHECK(weir::requested_host("http://me@localhost/", "localhost") == "me@localhost");
  CHECK(weir::requested_host("http:///weir", "localhost").empty());
}

TEST_CASE("operator_access: where there is a token it takes that, exactly", "[http]") {
  const std::string token = "0123456789abcdef~";
  const operator_access access(token);
  const auto judge = [&](const std::string& authorization) {
    return access.judge({.peer = "10.0.0.1", .host = "server.example", .authorization = authorization});
  };
  CHECK(judge("Bearer " + token) == operator_verdict::allowed);
  CHECK(judge("bearer   " + token) == operator_verdict::allowed);
  const std::vector<std::string> all_wrong = {"",
                                              token,
                                              "Bearer",
                                              "Bearer ",
                                              "Bearer" + token,
                                              "Basic " + token,
                                              "Bearer " + token + "x",
                                              "Bearer " + token.substr(1),
                                              "Bearer " + token + token,
                                              "Bearer 0123456789abcdef!"};
  for (const std::string& wrong : all_wrong) {
    CAPTURE(wrong);
    CHECK(judge(wrong) == operator_verdict::token_wanted);
  }
  // From this machine as well: it may be a proxy that does not say so.
  CHECK(access.judge({.peer = "127.0.0.1", .host = "localhost"}) == operator_verdict::token_wanted);
}

TEST_CASE("operator_access: what headers say of proxies and of other sites' pages", "[http]") {
  const auto of = [](std::map<std::string_view, std::string_view> headers) {
    return [headers = std::move(headers)](std::string_view name) {
      const auto found = headers.find(name);
      return found == headers.end() ? std::string_view() : found->second;
    };
  };
  CHECK_FALSE(weir::says_forwarded([](std::string_view name) { return name == "Host"; }));
  for (const char* each :
       {"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via"})
    CHECK(weir::says_forwarded([&](std::string_view name) { return name == each; }));
  for (const char* own : {"same-origin", "none"}) CHECK_FALSE(weir::says_foreign_page(of({{"Sec-Fetch-Site", own}})));
  for (const char* other : {"cross-site", "same-site", "new"})
    CHECK(weir::says_foreign_page(of({{"Sec-Fetch-Site", other}})));
  CHECK_FALSE(weir::says_foreign_page(of({{"Host", "localhost:80"}})));
  CHECK_FALSE(weir::says_foreign_page(of({{"Host", "localhost:80"}, {"Origin", "http://localhost:80"}})));
  for (const char* other :
       {"null", "http://localhost:81", "http://evil.example", "http://evil-localhost:80", "localhost:80"})
    CHECK(weir::says_foreign_page(of({{"Host", "localhost:80"}, {"Origin", other}})));
}

TEST_CASE("operator_access: a token that is none is refused", "[http]") {
  CHECK_THROWS_WITH(operator_access("short"), Catch::Contains("shorter than 16"));
  CHECK_THROWS_WITH(operator_access("0123456789abcdef\n"), Catch::Contains("characters other than"));
}
