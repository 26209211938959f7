// Behind proxies: whom to believe about where a request comes from.
#include "weir/http/trusted_proxies.hpp"

#include "http/observed.hpp"

#include <catch2/catch.hpp>

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

using weir::trusted_proxies;
using weir_test::json_member;
using weir_test::observed;

namespace {

const std::vector<std::string> our_proxies{"10.0.0.0/8", "192.0.2.7", "2001:db8::/33", "::1"};

std::string client_behind(std::string_view peer, const std::vector<std::string_view>& forwarded) {
  trusted_proxies::address_buffer buffer;
  return std::string(trusted_proxies(our_proxies).client_of(peer, forwarded, buffer));
}

} // namespace

TEST_CASE("proxies: addresses and networks, of both kinds", "[http][proxies]") {
  const trusted_proxies ours(our_proxies);
  for (const std::string_view each : {"10.0.0.0", "10.255.255.255", "192.0.2.7", "2001:db8::", "2001:DB8:7fff::1",
                                      "::1", "0:0:0:0:0:0:0:1", "::ffff:10.1.2.3"})
    CHECK(ours.contains(each));
  for (const std::string_view each : {"9.255.255.255", "11.0.0.0", "192.0.2.6", "2001:db8:8000::", "::2", "", "10",
                                      "unix:", "10.0.0.1 ", "10.0.0.1\n", "010.0.0.1", "2001:db8::1%eth0"})
    CHECK_FALSE(ours.contains(each));
  const std::vector<std::string> everybody{"0.0.0.0/0"};
  CHECK(trusted_proxies(everybody).contains("203.0.113.9"));
  CHECK_FALSE(trusted_proxies(everybody).contains("2001:db8::1"));
  CHECK(trusted_proxies(std::vector<std::string>{"::/0"}).contains("203.0.113.9"));
  CHECK_FALSE(trusted_proxies().contains("127.0.0.1"));
  CHECK_FALSE(ours.contains(std::string_view("10.0.0.1\0", 9)));
}

TEST_CASE("proxies: what is no address or network is refused", "[http][proxies]") {
  for (const std::string text : {"", "localhost", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8 ", "::1/129",
                                 "10.0.0/8", "[::1]", "/8"})
    CHECK_THROWS_WITH(trusted_proxies(std::vector<std::string>{text}),
                      "trusted_proxies: '" + text + "' is neither an address nor a network such as 10.0.0.0/8");
}

TEST_CASE("proxies: the client is the last who is not a proxy", "[http][proxies]") {
  CHECK(client_behind("10.0.0.1", {"203.0.113.9"}) == "203.0.113.9");
  CHECK(client_behind("10.0.0.1", {"203.0.113.9, 10.0.0.2,10.0.0.3"}) == "203.0.113.9");
  // haproxy adds lines.
  CHECK(client_behind("10.0.0.1", {"1.1.1.1", "203.0.113.9", "10.0.0.2"}) == "203.0.113.9");
  // What stands before that is the client's own invention.
  CHECK(client_behind("10.0.0.1", {"10.0.0.9, 1.1.1.1, 203.0.113.9"}) == "203.0.113.9");
  CHECK(client_behind("::1", {"2001:db8:8000::1"}) == "2001:db8:8000::1");
  CHECK(client_behind("::1", {"\t[2001:db8:8000::1]:4711 "}) == "2001:db8:8000::1");
  CHECK(client_behind("::1", {"203.0.113.9:4711"}) == "203.0.113.9");
  CHECK(client_behind("::ffff:10.0.0.1", {"::ffff:203.0.113.9"}) == "203.0.113.9");
  CHECK(client_behind("::1", {"::ffff:ffff:203.0.113.9"}) == "::ffff:ffff:cb00:7109");
}

TEST_CASE("proxies: who is not known is not believed", "[http][proxies]") {
  CHECK(client_behind("203.0.113.9", {"1.1.1.1"}) == "203.0.113.9");
  CHECK(client_behind("", {"1.1.1.1"}).empty());
  CHECK(client_behind("10.0.0.1", {}) == "10.0.0.1");
  CHECK(client_behind("10.0.0.1", {""}) == "10.0.0.1");
  CHECK(client_behind("10.0.0.1", {" , ,, "}) == "10.0.0.1");
  CHECK(client_behind("10.0.0.1", {"10.0.0.3, 10.0.0.2"}) == "10.0.0.3");
  for (const std::string_view odd :
       {"unknown", "_hidden", "203.0.113.9 1.1.1.1", "[::1", "[", "1.1.1.1.1", "10.0.0.1\x01"})
    CHECK(client_behind("10.0.0.1", {"1.1.1.1", odd, "10.0.0.2"}) == "10.0.0.2");
}

TEST_CASE("proxies: the access record has the client, and who brought it", "[http][proxies]") {
  observed by({.trusted_proxies = our_proxies});
  weir::exchange exchange(by.observer);
  const auto tell = [&](std::string_view peer, const std::vector<std::string_view>& forwarded) {
    weir::request_headers headers(by.observer);
    for (const std::string_view line : forwarded) headers.take("X-Forwarded-For", line);
    exchange.begin({.method = "GET", .target = "/", .peer = peer, .headers = &headers});
    const std::string client = exchange.facts().peer;
    exchange.response_started(200);
    exchange.response_completed();
    exchange.finish();
    CHECK(json_member(by.access_lines().back(), "client.address") == client);
    return client + " by " + json_member(by.access_lines().back(), "network.peer.address");
  };
  CHECK(tell("10.0.0.1", {"203.0.113.9, 10.0.0.2"}) == "203.0.113.9 by 10.0.0.1");
  CHECK(tell("203.0.113.9", {"1.1.1.1"}) == "203.0.113.9 by (absent)");
  CHECK(tell("10.0.0.1", {}) == "10.0.0.1 by (absent)");
  // It had several names in the log, and several buckets of its own.
  for (const std::string_view form : {"2001:db8:8000::1", "2001:DB8:8000::1", "2001:0db8:8000:0:0:0:0:1",
                                      "[2001:DB8:8000:0::1]:4711", "2001:db8:8000::0.0.0.1"})
    CHECK(tell("10.0.0.1", {form}) == "2001:db8:8000::1 by 10.0.0.1");
  for (const std::string_view form : {"203.0.113.9", "::FFFF:203.0.113.9", "0:0:0:0:0:ffff:203.0.113.9",
                                      "::ffff:cb00:7109", "[::ffff:203.0.113.9]:80"})
    CHECK(tell("10.0.0.1", {form}) == "203.0.113.9 by 10.0.0.1");
  // No client has these.
  for (const std::string_view none : {"0.0.0.0", "::", "0:0::0", "::ffff:0.0.0.0"})
    CHECK(tell("10.0.0.1", {"203.0.113.9", none, "10.0.0.2"}) == "10.0.0.2 by 10.0.0.1");
  // As many lines as one likes: the last ones count.
  CHECK(tell("10.0.0.1", {"1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.1.4", "1.1.1.5", "203.0.113.9"}) ==
        "203.0.113.9 by 10.0.0.1");
}

TEST_CASE("proxies: they tell what their clients speak, and others do not", "[http][proxies]") {
  const trusted_proxies ours(our_proxies);
  CHECK(ours.scheme_of("10.0.0.1", "http", "https") == "https");
  CHECK(ours.scheme_of("10.0.0.1", "http", "HttpS") == "https");
  CHECK(ours.scheme_of("10.0.0.1", "https", "HTTP") == "http");
  CHECK(ours.scheme_of("10.0.0.1", "http", "wss") == "https");
  CHECK(ours.scheme_of("10.0.0.1", "https", "WS") == "http");
  CHECK(ours.scheme_of("10.0.0.1", "http", " https\t, http,gopher") == "https");
  for (const std::string_view odd :
       {"", " ", ",https", "gopher, https", "https http", "http:", "httpss", "wsss", "w", "http\x01"})
    CHECK(ours.scheme_of("10.0.0.1", "https", odd) == "https");
  for (const std::string_view stranger : {"203.0.113.9", "", "unix:"})
    CHECK(ours.scheme_of(stranger, "http", "https") == "http");
  CHECK(trusted_proxies().scheme_of("10.0.0.1", "http", "https") == "http");
}

TEST_CASE("proxies: access record and metrics have the client's scheme", "[http][proxies]") {
  observed by({.trusted_proxies = our_proxies});
  weir::exchange exchange(by.observer);
  const auto tell = [&](std::string_view peer, const std::vector<std::string_view>& told) {
    weir::request_headers headers(by.observer);
    for (const std::string_view line : told) headers.take("X-Forwarded-Proto", line);
    exchange.begin({.method = "GET", .target = "/", .peer = peer, .headers = &headers});
    exchange.finish();
    const std::string logged = json_member(by.access_lines().back(), "url.scheme");
    CHECK(exchange.facts().scheme == logged);
    return logged;
  };
  CHECK(tell("10.0.0.1", {"https"}) == "https");
  CHECK(tell("203.0.113.9", {"https"}) == "http");
  CHECK(tell("10.0.0.1", {}) == "http");
  CHECK(tell("10.0.0.1", {"HTTPS", "http"}) == "https");
  CHECK(by.finished({{"url_scheme", "https"}}) == 2);
  CHECK(by.finished({{"url_scheme", "http"}}) == 2);
  CHECK(by.active() == 0);
}

TEST_CASE("proxies: without any the header is no news, and may be logged", "[http][proxies]") {
  observed by({.access = {.headers = {"X-Forwarded-For"}}});
  weir::exchange exchange(by.observer);
  weir::request_headers headers(by.observer);
  headers.take("X-Forwarded-For", "1.1.1.1");
  exchange.begin({.method = "GET", .target = "/", .peer = "10.0.0.1", .headers = &headers});
  CHECK(exchange.facts().peer == "10.0.0.1");
  exchange.finish();
  CHECK(json_member(by.access_lines().at(0), "http.request.header.x-forwarded-for") == "1.1.1.1");
  weir::observer_options both{.metrics = &by.registry, .access_log = &by.stream.get_logger("a")};
  both.access.headers = {"X-Forwarded-For"};
  both.trusted_proxies = {"::1"};
  CHECK_THROWS_AS(weir::request_observer(both), std::invalid_argument);
  both.access.headers = {"X-Forwarded-Proto"};
  CHECK_THROWS_AS(weir::request_observer(both), std::invalid_argument);
  CHECK_THROWS_AS(weir::request_observer({.metrics = &by.registry, .trusted_proxies = {"nginx"}}),
                  std::invalid_argument);
}
