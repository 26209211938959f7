// A server that says hello and echoes, and requests to it.
#pragma once

#include "server_fixture.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace weir_test {

/// What most tests of it need.
inline void simple_routes(weir::http_server& server) {
  server.get("/hello", [](http_request&, http_response& response) -> task {
    response.body("hello\n");
    co_return;
  });
  server.post("/echo", [](http_request& request, http_response& response) -> task {
    response.body(request.body());
    co_return;
  });
  server.get("/empty", [](http_request&, http_response& response) -> task {
    response.status(204).body("not for you");
    co_return;
  });
}

inline std::string request(std::string_view line, std::string_view headers = "", std::string_view body = "") {
  return fmt::format("{}\r\nHost: test\r\n{}\r\n{}", line, headers, body);
}

} // namespace weir_test
