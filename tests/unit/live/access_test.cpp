// Who may see the live page, and what it is answered with.
#include "weir/live.hpp"

#include "visit.hpp"

#include <catch2/catch.hpp>

#include <stdexcept>
#include <string>

using namespace weir_test;

namespace {

unsigned status_for(const weir::live_page& page, const visit& who) { return page.document(who.visitor()).status; }

} // namespace

TEST_CASE("live access: without a token the page is for this machine only", "[live]") {
  weir::metrics_registry registry;
  const weir::live_page page({.metrics = &registry});
  CHECK(status_for(page, {}) == 200);
  CHECK(status_for(page, {.peer = "::1", .headers = {{"Host", "[::1]:8080"}}}) == 200);
  CHECK(status_for(page, {.peer = "192.0.2.7"}) == 403);
  CHECK(status_for(page, {.peer = ""}) == 403);
  // A name of somebody else's that resolves to this machine, and somebody behind a proxy on it.
  CHECK(status_for(page, {.headers = {{"Host", "rebound.example:8080"}}}) == 403);
  CHECK(status_for(page, {.headers = {}}) == 403);
  for (const char* proxy : {"Forwarded", "X-Forwarded-For", "Via"})
    for (const char* value : {"203.0.113.9", ""}) // the client may have sent an empty one ahead of the proxy's
      CHECK(status_for(page, {.headers = {{"Host", "localhost"}, {proxy, value}}}) == 403);
  CHECK(status_for(page, {.peer = "192.0.2.7", .target = "/weir?token="}) == 403);
  // RFC 9112 section 3.2.2: what an absolute target names counts, and Host does not.
  CHECK(status_for(page, {.target = "http://rebound.example:8080/weir"}) == 403);
  CHECK(status_for(page, {.target = "http://localhost/weir", .headers = {{"Host", "rebound.example"}}}) == 200);
}

TEST_CASE("live access: a server that cannot say whether a proxy was there is taken to be behind one", "[live]") {
  weir::metrics_registry registry;
  const weir::live_page page({.metrics = &registry});
  const visit here;
  weir::live_visitor who = here.visitor();
  CHECK(page.document(who).status == 200);
  who.has_header = nullptr;
  CHECK(page.document(who).status == 403);
}

TEST_CASE("live access: a token opens the page, in a header or behind its address, and nothing else does", "[live]") {
  weir::metrics_registry registry;
  const std::string token = "0123456789abcdef";
  const weir::live_page page({.access = weir::operator_access(token), .metrics = &registry});
  const visit far{.peer = "192.0.2.7"};
  CHECK(status_for(page, far) == 401);
  CHECK(header_of(page.document(far.visitor()), "WWW-Authenticate") == "Bearer");
  CHECK(status_for(page, {}) == 401);
  visit with = far;
  with.target = "/weir?token=" + token;
  CHECK(status_for(page, with) == 200);
  with.target = "/weir?a=b&token=" + token + "&c";
  CHECK(status_for(page, with) == 200);
  for (const std::string wrong : {"/weir?token=0123456789abcdeg", "/weir?token=0123456789abcde", "/weir?token=",
                                  "/weir?token", "/weir?mytoken=0123456789abcdef", "/weir?&&&", "/weir?"}) {
    CAPTURE(wrong);
    with.target = wrong;
    CHECK(status_for(page, with) == 401);
  }
  with.headers["Authorization"] = "Bearer " + token;
  CHECK(status_for(page, with) == 200);
  with.target = "/weir?token=" + token;
  with.headers["Authorization"] = "Basic Zm9yOnRoZSBwcm94eQ=="; // a proxy's own
  CHECK(status_for(page, with) == 200);
}

TEST_CASE("live access: a token may come percent-encoded, and a plus sign in it is one", "[live]") {
  weir::metrics_registry registry;
  const weir::live_page page({.access = weir::operator_access("0123/5678+abcdef=="), .metrics = &registry});
  for (const std::string right : {"0123/5678+abcdef==", "0123%2F5678%2Babcdef%3D%3D", "%30123%2f5678+abcdef=%3d"}) {
    CAPTURE(right);
    CHECK(status_for(page, {.peer = "192.0.2.7", .target = "/weir?token=" + right}) == 200);
  }
  for (const std::string wrong :
       {"0123/5678%20abcdef==", "0123%252F5678+abcdef==", "0123%2G5678+abcdef==", "%", "%0"}) {
    CAPTURE(wrong);
    CHECK(status_for(page, {.peer = "192.0.2.7", .target = "/weir?token=" + wrong}) == 401);
  }
}

TEST_CASE("live access: the document forbids everything but what it has in itself", "[live]") {
  weir::metrics_registry registry;
  const weir::live_page page({.metrics = &registry});
  const visit who;
  const weir::live_answer answer = page.document(who.visitor());
  CHECK(answer.headers[0].second == "text/html; charset=utf-8");
  CHECK(header_of(answer, "Cache-Control") == "no-store");
  CHECK(header_of(answer, "X-Content-Type-Options") == "nosniff");
  CHECK(header_of(answer, "Referrer-Policy") == "no-referrer");
  const std::string policy = header_of(answer, "Content-Security-Policy");
  CHECK_THAT(policy, Catch::StartsWith("default-src 'none'; script-src 'sha256-"));
  CHECK_THAT(policy, Catch::Contains("frame-ancestors 'none'") && !Catch::Contains("unsafe"));
  const std::string body(answer.body);
  CHECK_THAT(body, Catch::StartsWith("<!doctype html>") && Catch::EndsWith("</html>\n"));
  CHECK_THAT(body,
             Catch::Contains("Dan Vanderkam") && !Catch::Contains("@script@") && !Catch::Contains("<script src"));
  CHECK_THAT(body, !Catch::Contains("<link"));
}

TEST_CASE("live access: other sites' pages take no place among the viewers", "[live]") {
  weir::metrics_registry registry;
  weir::live_page page({.metrics = &registry, .most_viewers = 1});
  for (const char* site : {"cross-site", "same-site"}) {
    const visit from{.headers = {{"Host", "localhost"}, {"Sec-Fetch-Site", site}}};
    const weir::live_viewer viewer(page, from.visitor());
    CHECK_FALSE(viewer);
    CHECK(viewer.answer().status == 403);
    CHECK(header_of(viewer.answer(), "WWW-Authenticate") == "(absent)");
    CHECK(header_of(viewer.answer(), "Cache-Control") == "no-store");
  }
  const visit own{.headers = {{"Host", "localhost"}, {"Sec-Fetch-Site", "same-origin"}}};
  const weir::live_viewer viewer(page, own.visitor());
  CHECK(viewer);
  CHECK(header_of(viewer.answer(), "Content-Type") == "text/event-stream");
  CHECK(header_of(viewer.answer(), "Cache-Control") == "no-store");
  const weir::live_viewer second(page, own.visitor());
  CHECK(second.answer().status == 503);
  CHECK(header_of(second.answer(), "WWW-Authenticate") == "(absent)");
}

TEST_CASE("live access: options out of their ranges are named", "[live]") {
  using Catch::Contains;
  CHECK_THROWS_WITH(weir::live_page({.path = "weir"}), Contains("live_options.path is 'weir'"));
  CHECK_THROWS_WITH(weir::live_page({.path = "/"}), Contains("live_options.path is '/'"));
  CHECK_THROWS_WITH(weir::live_page({.metrics = nullptr}), Contains("live_options.metrics is null"));
  CHECK_THROWS_WITH(weir::live_page({.most_viewers = 0}), Contains("live_options.most_viewers is 0"));
  CHECK_THROWS_WITH(weir::live_page({.interval = std::chrono::milliseconds(99)}),
                    Contains("live_options.interval is 99"));
  CHECK_THROWS_WITH(weir::live_page({.log_records = 0}), Contains("live_options.log_records is 0"));
  CHECK_THROWS_WITH(weir::live_page({.log_records = 501}), Contains("live_options.log_records is 501"));
  CHECK_THROWS_WITH(weir::live_page({.log_records_per_second = 10'001}), Contains("10001"));
  CHECK_THROWS_WITH(weir::live_page({.slow_requests = 101}), Contains("live_options.slow_requests is 101"));
  CHECK_THROWS_WITH(weir::live_page({.slow_window = std::chrono::seconds(0)}),
                    Contains("live_options.slow_window is 0"));
}
