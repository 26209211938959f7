// Which handler a path finds, with which parameters, and which templates are refused.
#include "weir/beast/router.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

using namespace std::string_literals;

namespace {

boost::asio::awaitable<void> no_handler(weir::http_request&, weir::http_response&) { co_return; }

void add(weir::router& routes, std::string_view method, std::string_view path_template) {
  routes.add(method, path_template, no_handler);
}

/// The template and the parameters that were found, as `template name=value…`.
std::string found(const weir::router& routes, std::string_view method, std::string_view path) {
  weir::path_params params;
  const weir::router::match match = routes.find(method, path, params);
  std::string text(match.path_template);
  if (match.handler == nullptr) text += text.empty() ? "none" : " not for this method";
  for (std::size_t i = 0; i < params.size(); ++i)
    text.append(" ").append(params.at(i).first).append("=").append(params.at(i).second);
  return text;
}

weir::router::match find(const weir::router& routes, std::string_view method, std::string_view path) {
  weir::path_params params;
  return routes.find(method, path, params);
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
  // The choice of a literal is taken back where it leads nowhere.
  CHECK(found(routes, "GET", "/items/new/parts/1") == "/items/{id}/parts/{part} id=new part=1");
  CHECK(found(routes, "GET", "/items/ne") == "/items/{id} id=ne");
  CHECK(found(routes, "GET", "/items/x") == "/items/{id} id=x");
  CHECK(found(routes, "GET", "/files/x") == "/files/{path*} path=x");
  CHECK(found(routes, "GET", "/files/readme/x") == "/files/{path*} path=readme/x");
  CHECK(found(routes, "GET", "/file/x") == "/{any}/x any=file");
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
  weir::path_params params;
  routes.find("GET", "/a%20b/x%00y", params);
  CHECK(params["name"] == std::string("x\0y", 3));
  CHECK(params["other"] == "");
  // A percent sign of a template is one, and an escaped slash is no slash.
  add(routes, "GET", "/100%/x");
  CHECK(found(routes, "GET", "/100%25/x") == "/100%/x");
  CHECK(found(routes, "GET", "/100%25%2fx") == "none");
  CHECK(found(routes, "GET", "/%31%30%30%25/%78") == "/100%/x");
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
  CHECK(find(routes, "DELETE", "/doc/1").allow == "GET, HEAD, PUT");
  CHECK(find(routes, "GET", "/docs").allow == "POST");
  CHECK(find(routes, "get", "/doc/1").handler == nullptr);
  CHECK(find(routes, "GET", "/nowhere").allow.empty());
  // A literal for one method hides no parameter of another.
  add(routes, "PATCH", "/doc/new");
  CHECK(found(routes, "GET", "/doc/new") == "/doc/{id} id=new");
  CHECK(find(routes, "DELETE", "/doc/new").allow == "GET, HEAD, PATCH, PUT");
}

TEST_CASE("router: HEAD finds the handler of GET where it has none of its own", "[beast][router]") {
  weir::router routes;
  add(routes, "GET", "/a/{x}");
  add(routes, "GET", "/b");
  add(routes, "HEAD", "/b");
  CHECK(found(routes, "HEAD", "/a/1") == "/a/{x} x=1");
  CHECK(find(routes, "HEAD", "/b").handler != find(routes, "GET", "/b").handler);
  CHECK(find(routes, "POST", "/b").allow == "GET, HEAD");
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
                          "/a/{x}/{x}", "/a/{x}/{x*}", "/a/}", "/a/{x...}", "/a/{x-y}", "/a/{1}", "/a/{x y}",
                          "/a/{x:int}", "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}/{j}/{k}/{l}/{m}/{n}/{o}/{p}/{q}"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(add(routes, "GET", bad), std::invalid_argument);
    CHECK_THROWS_WITH(add(routes, "GET", bad), Catch::StartsWith("route " + std::string(bad) + ": "));
  }
  CHECK_THROWS_AS(add(routes, "", "/a"), std::invalid_argument);
  CHECK_THROWS_AS(routes.add("GET", "/a", nullptr), std::invalid_argument);
  CHECK(found(routes, "GET", "/a") == "/{any} any=a");
}

// They were taken, and answered nobody: methods are compared as they stand (RFC 9110 9.1).
TEST_CASE("router: a method that no request has is refused by name", "[beast][router]") {
  weir::router routes;
  for (const char* bad : {"", "get", "Get", "GET,POST", "GE T", " GET", "GET\r\nX: y", "GET/", "\xc3\x84"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(add(routes, bad, "/a"), std::invalid_argument);
    CHECK_THROWS_WITH(add(routes, bad, "/a"), Catch::StartsWith("route /a: the method '" + std::string(bad) + "' "));
  }
  for (const char* good : {"GET", "PROPFIND", "M-SEARCH", "X_1"}) add(routes, good, "/a");
  CHECK(find(routes, "DELETE", "/a").allow == "GET, HEAD, M-SEARCH, PROPFIND, X_1");
}

TEST_CASE("router: a second handler for the same method and path is refused", "[beast][router]") {
  weir::router routes;
  add(routes, "GET", "/a/{x}");
  CHECK_THROWS_WITH(add(routes, "GET", "/a/{x}"), Catch::Contains("/a/{x}"));
  CHECK_THROWS_WITH(add(routes, "GET", "/a/{other}"), Catch::Contains("/a/{other}"));
  CHECK(found(routes, "GET", "/a/1") == "/a/{x} x=1");
}

namespace {

std::vector<std::string> segments_of(std::string_view path) {
  std::vector<std::string> all;
  for (std::size_t begin = 1; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    all.emplace_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return all;
}

/// How well a template fits, a letter for each segment, smaller is better; "" if it does not.
std::string fit(std::string_view path_template, std::string_view path) {
  const auto wanted = segments_of(path_template), given = segments_of(path);
  std::string kinds;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i].ends_with("*}")) return i < given.size() ? kinds + "c" : "";
    if (i >= given.size()) return "";
    const bool is_parameter = wanted[i].starts_with('{');
    if (is_parameter ? given[i].empty() : given[i] != wanted[i]) return "";
    kinds += is_parameter ? 'b' : 'a';
  }
  return wanted.size() == given.size() ? kinds : "";
}

} // namespace

TEST_CASE("router: of all templates that fit a path it finds the one that fits best", "[beast][router]") {
  std::mt19937 random(7);
  const auto any_of = [&](auto... each) {
    const std::array<std::string, sizeof...(each)> all{each...};
    return all[random() % all.size()];
  };
  for (int round = 0; round < 200; ++round) {
    weir::router routes;
    std::vector<std::string> templates;
    for (int i = 0; i < 12; ++i) {
      std::string made;
      const std::size_t length = 1 + random() % 4;
      for (std::size_t k = 0; k < length; ++k)
        made.append("/").append(
            any_of("a"s, "ab"s, "abc"s, "b"s, std::string{'{', static_cast<char>('0' + k), '}'}, ""s));
      if (random() % 4 == 0) made += "/{rest*}";
      try {
        add(routes, "GET", made);
        templates.push_back(made);
      } catch (const std::invalid_argument&) { // it is there already
      }
    }
    for (int i = 0; i < 60; ++i) {
      std::string path;
      const std::size_t length = 1 + random() % 5;
      for (std::size_t k = 0; k < length; ++k)
        path.append("/").append(any_of("a"s, "ab"s, "abc"s, "abcd"s, "b"s, "c"s, ""s));
      std::string best_fit, best;
      for (const std::string& each : templates) {
        const std::string fits = fit(each, path);
        if (!fits.empty() && (best.empty() || fits < best_fit)) best_fit = fits, best = each;
      }
      CAPTURE(templates, path);
      CHECK(find(routes, "GET", path).path_template == best);
    }
  }
}
