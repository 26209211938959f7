// Which handler a path finds, with which parameters, and which templates are refused.
#include "weir/beast/router.hpp"

#include <catch2/catch.hpp>

#include <stdexcept>
#include <string>
#include <string_view>

namespace {

boost::asio::awaitable<void> nothing(weir::http_request&, weir::http_response&) { co_return; }

void add(weir::router& routes, std::string_view method, std::string_view path_template) {
  routes.add(method, path_template, nothing);
}

/// The template and the parameters that were found, as `template name=value…`.
std::string found(const weir::router& routes, std::string_view method, std::string_view path) {
  const weir::router::match match = routes.find(method, path);
  std::string text(match.path_template);
  if (match.handler == nullptr) text += text.empty() ? "none" : " not for this method";
  for (const auto& [name, value] : match.params) text.append(" ").append(name).append("=").append(value);
  return text;
}

} // namespace

TEST_CASE("router: literals, parameters and the rest of a path are told apart segment by segment",
          "[beast][router]") {
  weir::router routes;
  for (const char* each : {"/", "/items", "/items/", "/items/{id}", "/items/new", "/items/{id}/parts/{part}",
                           "/files/{path*}", "/files/readme", "/{any}/x"})
    add(routes, "GET", each);
  CHECK(found(routes, "GET", "/") == "/");
  CHECK(found(routes, "GET", "/items") == "/items");
  CHECK(found(routes, "GET", "/items/") == "/items/");
  CHECK(found(routes, "GET", "/items/7") == "/items/{id} id=7");
  CHECK(found(routes, "GET", "/items/new") == "/items/new");
  CHECK(found(routes, "GET", "/items/7/parts/8") == "/items/{id}/parts/{part} id=7 part=8");
  CHECK(found(routes, "GET", "/items/7/parts") == "none");
  CHECK(found(routes, "GET", "/items/7/") == "none");
  CHECK(found(routes, "GET", "/files/a/b//c") == "/files/{path*} path=a/b//c");
  CHECK(found(routes, "GET", "/files/") == "/files/{path*} path=");
  CHECK(found(routes, "GET", "/files/readme") == "/files/readme");
  CHECK(found(routes, "GET", "/files") == "none");
  CHECK(found(routes, "GET", "/other/x") == "/{any}/x any=other");
  // The choice of a literal is not taken back.
  CHECK(found(routes, "GET", "/items/new/parts/1") == "none");
  CHECK(found(routes, "GET", "//x") == "none");
  CHECK(found(routes, "GET", "") == "none");
  CHECK(found(routes, "GET", "*") == "none");
  CHECK(found(routes, "GET", "items") == "none");
}

TEST_CASE("router: percent escapes are decoded after the path was cut, and broken ones match nothing",
          "[beast][router]") {
  weir::router routes;
  add(routes, "GET", "/a b/{name}");
  add(routes, "GET", "/rest/{path*}");
  CHECK(found(routes, "GET", "/a%20b/c%2Fd") == "/a b/{name} name=c/d");
  CHECK(found(routes, "GET", "/a%20b/%e4%b8%ad") == "/a b/{name} name=\xe4\xb8\xad");
  CHECK(found(routes, "GET", "/a%20b/+") == "/a b/{name} name=+");
  CHECK(routes.find("GET", "/a%20b/x%00y").params.at(0).second == std::string("x\0y", 3));
  CHECK(found(routes, "GET", "/rest/a%2e%2e/b") == "/rest/{path*} path=a../b");
  for (const char* broken : {"/a%20b/%", "/a%20b/%2", "/a%20b/%zz", "/a%20b/%-1", "/%", "/rest/a/%g0", "/a%2"})
    CHECK(found(routes, "GET", broken) == "none");
}

TEST_CASE("router: a path that is there for other methods says which", "[beast][router]") {
  weir::router routes;
  add(routes, "GET", "/doc/{id}");
  add(routes, "PUT", "/doc/{id}");
  add(routes, "POST", "/docs");
  CHECK(found(routes, "DELETE", "/doc/1") == "/doc/{id} not for this method");
  CHECK(routes.find("DELETE", "/doc/1").allow == "GET, HEAD, PUT");
  CHECK(routes.find("GET", "/docs").allow == "POST");
  CHECK(routes.find("get", "/doc/1").handler == nullptr);
  CHECK(routes.find("GET", "/nowhere").allow.empty());
}

TEST_CASE("router: HEAD finds the handler of GET where it has none of its own", "[beast][router]") {
  weir::router routes;
  add(routes, "GET", "/a/{x}");
  add(routes, "GET", "/b");
  add(routes, "HEAD", "/b");
  CHECK(found(routes, "HEAD", "/a/1") == "/a/{x} x=1");
  CHECK(routes.find("HEAD", "/b").handler != routes.find("GET", "/b").handler);
  CHECK(routes.find("POST", "/b").allow == "GET, HEAD");
}

TEST_CASE("router: methods of one path may name its parameters as they like", "[beast][router]") {
  weir::router routes;
  add(routes, "GET", "/x/{a}");
  add(routes, "PUT", "/x/{b}");
  CHECK(found(routes, "GET", "/x/1") == "/x/{a} a=1");
  CHECK(found(routes, "PUT", "/x/1") == "/x/{b} b=1");
}

TEST_CASE("router: a template that is no template is refused by name, and leaves nothing behind", "[beast][router]") {
  weir::router routes;
  add(routes, "GET", "/{any}");
  for (const char* bad : {"", "x", "/a/{", "/a/{}", "/a/{*}", "/a/x{y}", "/a/{x}y", "/a/{x*}/b", "/a/{x{y}}",
                          "/a/{x}/{x}", "/a/{x}/{x*}", "/a/}"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(add(routes, "GET", bad), std::invalid_argument);
    CHECK_THROWS_WITH(add(routes, "GET", bad), Catch::StartsWith("route " + std::string(bad) + ": "));
  }
  CHECK_THROWS_AS(add(routes, "", "/a"), std::invalid_argument);
  CHECK_THROWS_AS(routes.add("GET", "/a", nullptr), std::invalid_argument);
  CHECK(found(routes, "GET", "/a") == "/{any} any=a");
}

TEST_CASE("router: a second handler for the same method and path is refused", "[beast][router]") {
  weir::router routes;
  add(routes, "GET", "/a/{x}");
  CHECK_THROWS_WITH(add(routes, "GET", "/a/{x}"), Catch::Contains("/a/{x}"));
  CHECK_THROWS_WITH(add(routes, "GET", "/a/{other}"), Catch::Contains("/a/{other}"));
  CHECK(found(routes, "GET", "/a/1") == "/a/{x} x=1");
}
