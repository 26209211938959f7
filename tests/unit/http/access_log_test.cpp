// What the access log says of a request besides what it always says.
#include "observed.hpp"
#include "sent.hpp"

#include "http/access_log.hpp"
#include "weir/context_fields.hpp"

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using weir_test::begin_with;
using weir_test::complete;
using weir_test::json_member;
using weir_test::observed;

namespace {

/// The access record of one request.
std::string record_of(weir::observer_options options, std::string_view target, const weir_test::sent& headers = {}) {
  observed server(std::move(options));
  weir::exchange exchange(server.observer);
  begin_with(exchange, headers, {.target = target});
  complete(exchange);
  const auto lines = server.access_lines();
  REQUIRE(lines.size() == 1);
  return lines.front();
}

std::string redacted(std::string_view query) {
  std::string result;
  weir::detail::query_redactor(weir::usual_secret_parameters()).append(result, query);
  return result;
}

} // namespace

TEST_CASE("access log: a query stands in the record without its credentials", "[http]") {
  const std::string line = record_of({}, "/a?q=tea&token=s3cret&page=2");
  CHECK(json_member(line, "url.path") == "/a");
  CHECK(json_member(line, "url.query") == "q=tea&token=REDACTED&page=2");
  CHECK(json_member(record_of({}, "/a"), "url.query") == "(absent)");
  CHECK(json_member(record_of({}, "/a?"), "url.query") == "(absent)");
}

TEST_CASE("access log: a query may be left out, or stand there whole", "[http]") {
  weir::observer_options options;
  options.access.query = weir::query_logging::none;
  CHECK(json_member(record_of(options, "/a?token=x"), "url.query") == "(absent)");
  options.access.query = weir::query_logging::whole;
  CHECK(json_member(record_of(options, "/a?token=x"), "url.query") == "token=x");
  options.access.query = weir::query_logging::redacted;
  options.access.secret_parameters = {"Ticket"};
  CHECK(json_member(record_of(options, "/a?token=x&ticket=7"), "url.query") == "token=x&ticket=REDACTED");
}

TEST_CASE("access log: credentials are found however their parameter is written", "[http]") {
  struct {
    std::string_view query, expected;
  } const cases[] = {
      {"", ""},
      {"a", "a"},
      {"token", "token"},
      {"token=", "token=REDACTED"},
      {"token=a=b", "token=REDACTED"},
      {"TOKEN=a", "TOKEN=REDACTED"},
      {"t%6fken=a", "t%6fken=REDACTED"},
      {"t%6Fken=a", "t%6Fken=REDACTED"},
      {"token[]=a&token[x]=b", "token[]=REDACTED&token[x]=REDACTED"},
      {"token%5B%5D=a", "token%5B%5D=REDACTED"},
      {"a=1;token=2;b=3&c=4", "a=1;token=REDACTED&c=4"},
      {"token=s3;cret", "token=REDACTED"},
      {"a=1;b=2", "a=1;b=2"},
      {"a=1&&token=2&", "a=1&&token=REDACTED&"},
      {"%=1&%t=2&token%=3", "%=1&%t=2&token%=REDACTED"},
      {"+token=1&%20token=2&%00token=3&token%20=4",
       "+token=REDACTED&%20token=REDACTED&%00token=REDACTED&token%20=REDACTED"},
      {"user[password]=p&user%5Bpass%5D=q&a[b][sid]=r",
       "user[password]=REDACTED&user%5Bpass%5D=REDACTED&a[b][sid]=REDACTED"},
      {"token%3Ds3cret=1&b=2", "REDACTED&b=2"},
      {"to=https://u:s3cret@a/&b=2", "to=REDACTED&b=2"},
      {"to=https%3A%2F%2Fu%3As3cret@a%2F", "to=REDACTED"},
      {"to=https://u:s3;cret@a/", "to=REDACTED"},
      {"to=https://u:s3;cret@a/;token=t&b=2", "to=REDACTED&b=2"},
      {"to=https://u:s3;cret@a=t#token=t&b=2", "to=REDACTED&b=2"},
      {"a=1;https%3A%2F%2Fa%2F%3Ftoken%3Ds&b=2", "a=REDACTED&b=2"},
      {"mail=a@b&to=https://a/@1,2?x=c@d", "mail=a@b&to=https://a/@1,2?x=c@d"},
      {"password=p&user=u", "password=REDACTED&user=u"},
      {"X-Amz-Signature=a", "X-Amz-Signature=REDACTED"},
      {"accessToken=a&refreshToken=b&Api-Key=c", "accessToken=REDACTED&refreshToken=REDACTED&Api-Key=REDACTED"},
      {"to=https%3A%2F%2Fa%2F%3Faccess_token%3Ds%26b&q=x%3Dy", "to=REDACTED&q=x%3Dy"},
      {"to=https%253A%252F%252Fa%252F%253Ftoken%253Ds&q=1", "to=REDACTED&q=1"},
      {"to=https://a/?token=s&q=1", "to=REDACTED&q=1"},
      {"https%3A%2F%2Fa%2F%3Ftoken%3Ds", "REDACTED"},
  };
  for (const auto& [query, expected] : cases) CHECK(redacted(query) == expected);
}

TEST_CASE("access log: a secret is known by its name, or by a part that names of secrets have", "[http]") {
  for (const std::string name : {"x-api-key",
                                 "apikey",
                                 "x-access-token",
                                 "oauth_token",
                                 "oauth_signature",
                                 "session_token",
                                 "jwt_token",
                                 "jwt",
                                 "new_password",
                                 "password_confirmation",
                                 "passwd",
                                 "passphrase",
                                 "userPass",
                                 "pwd",
                                 "PHPSESSID",
                                 "jsessionid",
                                 "ASP.NET_SessionId",
                                 "connect.sid",
                                 "sid",
                                 "session",
                                 "AWSAccessKeyId",
                                 "X-Amz-Signature",
                                 "X-Amz-Security-Token",
                                 "X-Goog-Credential",
                                 "sig",
                                 "api_sig",
                                 "client_secret",
                                 "client_assertion",
                                 "SAMLResponse",
                                 "code",
                                 "code_verifier",
                                 "auth",
                                 "x-auth",
                                 "authCode",
                                 "Authorization",
                                 "bearer",
                                 "csrfmiddlewaretoken",
                                 "_csrf",
                                 "key",
                                 "otp",
                                 "page_token",
                                 "max_tokens",
                                 "secretary",
                                 "Ocp-Apim-Subscription-Key"}) {
    CAPTURE(name);
    CHECK(redacted("a=1&" + name + "=s&b=2") == "a=1&" + name + "=REDACTED&b=2");
  }
  for (const std::string name :
       {"q",          "page",   "author",      "authority",      "authenticated", "keyword",   "monkey",
        "sort_key",   "keys",   "postal_code", "zipcode",        "encode",        "design",    "inside",
        "AccountSid", "bypass", "compass",     "assertion_type", "season",        "obsession", "sessions",
        "pin",        "state",  "nonce",       "ticket",         "tok",           "assignee",  "config",
        "id",         ""}) {
    CAPTURE(name);
    CHECK(redacted("a=1&" + name + "=s&b=2") == "a=1&" + name + "=s&b=2");
  }
}

TEST_CASE("access log: names of one's own are whole ones, or begin or end with an asterisk", "[http]") {
  const auto with = [](const char* name, std::string_view query) {
    std::string result;
    weir::detail::query_redactor({name}).append(result, query);
    return result;
  };
  const std::string_view query = "pin=1&pin2=2&new_pin=3&spinner=4&user[pin]=5";
  CHECK(with("pin", query) == "pin=REDACTED&pin2=2&new_pin=3&spinner=4&user[pin]=REDACTED");
  CHECK(with("pin*", query) == "pin=REDACTED&pin2=REDACTED&new_pin=3&spinner=4&user[pin]=REDACTED");
  CHECK(with("*pin", query) == "pin=REDACTED&pin2=2&new_pin=REDACTED&spinner=4&user[pin]=REDACTED");
  CHECK(with("*pin*", query) == "pin=REDACTED&pin2=REDACTED&new_pin=REDACTED&spinner=REDACTED&user[pin]=REDACTED");
  // Names longer than what is kept without an allocation.
  const std::string text(1000, 'x');
  CHECK(with("*pin", text + "pin=1&" + text + "=1") == text + "pin=REDACTED&" + text + "=1");
}

TEST_CASE("access log: a page's address is kept without the credentials in it", "[http]") {
  weir::observer_options options;
  options.access.headers = {"Referer"};
  const auto kept = [&](std::string_view referer) {
    return json_member(record_of(options, "/", {{"Referer", referer}}), "http.request.header.referer");
  };
  CHECK(kept("https://app/cb?access_token=s&page=2") == "https://app/cb?access_token=REDACTED&page=2");
  CHECK(kept("https://app/cb#id_token=s") == "https://app/cb#id_token=REDACTED");
  CHECK(kept("https://app/cb?x=1") == "https://app/cb?x=1");
  CHECK(kept("https://app/") == "https://app/");
  CHECK(kept("https://user:s3cret@app/cb?x=1") == "https://app/cb?x=1");
  CHECK(kept("https://us@er:s3cret@app") == "https://app");
  CHECK(kept("//s3cret@app/") == "//app/");
  CHECK(kept("https://app/a@b?x=c@d") == "https://app/a@b?x=c@d");
  CHECK(kept("/a?to=http://u:p@b/") == "/a?to=REDACTED");
  // What is kept is cut only after that.
  CHECK(kept("https://user:" + std::string(2000, 's') + "@app/") == "https://app/");
  CHECK(kept("https://u@app/" + std::string(2000, 'x')).size() == 1024);
  options.access.query = weir::query_logging::whole;
  CHECK(kept("https://u:p@app/cb?x=1") == "https://app/cb?x=1");
  CHECK(kept("https://app/cb?token=s") == "https://app/cb?token=s");
  options.access.query = weir::query_logging::none;
  CHECK(kept("https://app/cb?token=s") == "https://app/cb");
}

TEST_CASE("access log: of an absolute target neither scheme nor authority is kept", "[http]") {
  CHECK(json_member(record_of({}, "http://user:secret@host/a/b?c"), "url.path") == "/a/b");
  CHECK(json_member(record_of({}, "http://user:secret@host"), "url.path") == "/");
  CHECK(json_member(record_of({}, "*"), "url.path") == "*");
}

TEST_CASE("access log: the headers that it is told to keep are in the record, and no others", "[http]") {
  weir::observer_options options;
  options.access.headers = {"User-Agent", "referer", "X-Tenant", "Authorization", "X-Api-Key"};
  const std::string line = record_of(options, "/",
                                     {{"user-agent", "curl/7.88 \"x\""},
                                      {"X-TENANT", "blue"},
                                      {"x-tenant", "red"},
                                      {"authorization", "Bearer sesame"},
                                      {"x-api-key", "sesame"},
                                      {"Cookie", "id=sesame"}});
  CHECK(json_member(line, "user_agent.original") == R"(curl/7.88 \"x\")");
  CHECK(json_member(line, "http.request.header.x-tenant") == "blue");
  CHECK(json_member(line, "http.request.header.referer") == "(absent)");
  CHECK(json_member(line, "http.request.header.authorization") == "REDACTED");
  CHECK(json_member(line, "http.request.header.x-api-key") == "REDACTED");
  CHECK(line.find("sesame") == line.npos);
  CHECK(line.find("ookie") == line.npos);
}

TEST_CASE("access log: one request's headers and query are not the next one's", "[http]") {
  weir::observer_options options;
  options.access.headers = {"X-Tenant"};
  observed server(options);
  weir::exchange exchange(server.observer);
  begin_with(exchange, {{"X-Tenant", "blue"}}, {.target = "/a?b=1"});
  complete(exchange);
  begin_with(exchange, {}, {.target = "/c"});
  complete(exchange);
  const auto lines = server.access_lines();
  REQUIRE(lines.size() == 2);
  CHECK(json_member(lines[0], "http.request.header.x-tenant") == "blue");
  CHECK(json_member(lines[1], "http.request.header.x-tenant") == "(absent)");
  CHECK(json_member(lines[1], "url.query") == "(absent)");
}

TEST_CASE("access log: what a caller sends is kept up to a size", "[http]") {
  weir::observer_options options;
  options.access.headers = {"X-Tenant"};
  const std::string long_text(5000, 'x');
  const std::string line = record_of(options, "/?" + long_text, {{"X-Tenant", long_text}});
  CHECK(json_member(line, "url.query").size() == 2048);
  CHECK(json_member(line, "http.request.header.x-tenant").size() == 1024);
}

TEST_CASE("access log: fields of the request's context stand beside those of the request", "[http]") {
  observed server;
  const auto base =
      weir::with_fields(weir::background(), weir::field<"instance">("a"), weir::field<"url.query">("no"));
  weir::observer_options options{.metrics = &server.registry, .access_log = &server.stream.get_logger("access")};
  options.base = base;
  weir::request_observer observer(options);
  weir::exchange exchange(observer);
  begin_with(exchange, {}, {.target = "/?x"});
  complete(exchange);
  const auto lines = server.access_lines();
  REQUIRE(lines.size() == 1);
  CHECK(json_member(lines[0], "instance") == "a");
  CHECK(json_member(lines[0], "url.query") == "x");
}

TEST_CASE("access log: what is slow, or is answered with 5xx, is a warning", "[http]") {
  weir::observer_options options;
  options.slow_after = 1ms;
  observed server(options);
  weir::exchange exchange(server.observer);
  begin_with(exchange, {}, {.received = std::chrono::steady_clock::now() - 1s});
  complete(exchange);
  begin_with(exchange, {}, {.received = std::chrono::steady_clock::now() + 1s});
  complete(exchange);
  begin_with(exchange, {}, {.received = std::chrono::steady_clock::now() + 1s});
  exchange.response_started(503);
  exchange.response_completed();
  exchange.finish();
  const auto lines = server.access_lines();
  REQUIRE(lines.size() == 3);
  CHECK(json_member(lines[0], "level") == "warn");
  CHECK(json_member(lines[0], "slow") == "true");
  CHECK(json_member(lines[1], "level") == "info");
  CHECK(json_member(lines[1], "slow") == "(absent)");
  CHECK(json_member(lines[2], "level") == "warn");
}

TEST_CASE("access log: options that make no sense are refused by name", "[http]") {
  const auto refused = [](auto change) -> std::string {
    weir::metrics_registry registry;
    weir::log_stream stream({.sinks = {weir::null_sink()}});
    weir::observer_options options{.metrics = &registry, .access_log = &stream.get_logger("access")};
    change(options.access);
    try {
      weir::request_observer observer(options);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "taken";
  };
  CHECK(refused([](auto& access) { access.ordinary_ratio = 1.5; }) ==
        "observer_options.access.ordinary_ratio is 1.5: it must be from 0 to 1");
  CHECK(refused([](auto& access) { access.most_protocol_errors = 0; }).find("most_protocol_errors is 0") !=
        std::string::npos);
  CHECK(refused([](auto& access) { access.headers = {"a b"}; }) ==
        "observer_options.access.headers is 'a b': it must be 1 to 63 letters, digits and '-', '_', '.'");
  CHECK(refused([](auto& access) { access.headers = {""}; }).starts_with("observer_options.access.headers is ''"));
  CHECK(refused([](auto& access) { access.headers = std::vector<std::string>(9, "a"); }) ==
        "observer_options.access.headers has 9 names: it may have 8");
  CHECK(refused([](auto& access) {
          access.headers = {"X-A", "x-a"};
        }).find("it is there twice") != std::string::npos);
  CHECK(refused([](auto& access) { access.headers = {"X-Request-Id"}; }).find("in the record anyway") !=
        std::string::npos);
  CHECK(refused([](auto& access) { access.headers = {"X-A", "X-B"}; }) == "taken");
}
