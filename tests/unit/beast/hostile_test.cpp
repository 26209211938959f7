// Clients that keep to HTTP just as far as it hurts: what they send costs no more than the limits say, and is
// answered.
#include "weir/beast/server.hpp"

#include "server_fixture.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

using namespace weir_test;

namespace {

void echo(weir::http_server& server) {
  server.post("/echo", [](http_request& in, http_response& out) -> task {
    out.body(in.body());
    co_return;
  });
}

std::string chunked(std::string_view body) {
  return fmt::format("POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n{}", body);
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

} // namespace

// With its buffer full, and nothing in it that could be taken out, the session went on reading nothing for ever.
TEST_CASE("hostile: what a chunked body has besides its data is as long as a header at most", "[beast][hostile]") {
  running_server server(echo);
  const std::string rest = "\r\nabc\r\n0\r\n\r\n";
  const std::string bodies[] = {
      "3;a=" + std::string(100'000, 'b') + rest,                   // an extension
      std::string(100'000, '0') + "3" + rest,                      // a size
      "3\r\nabc\r\n0;a=" + std::string(100'000, 'b') + "\r\n\r\n", // behind the data
      "3\r\nabc\r\n0\r\n" + repeated("X: y\r\n", 20'000) + "\r\n",
      "3\r\nabc\r\n0\r\nX: " + std::string(120'000, 'y') + "\r\n\r\n",
  };
  for (const std::string& body : bodies) {
    CAPTURE(body.substr(0, 20));
    raw_client client(server.port());
    const raw_response refused = client.ask(chunked(body));
    CHECK(refused.status == 431);
    CHECK(refused.header("Connection") == "close");
    client.shutdown_send();
    CHECK(client.at_end());
  }
  server.stop(5s);
  CHECK(server.by.finished({{"error_type", "protocol_error"}, {"http_response_status_code", "431"}}) == 5);
  CHECK(server.by.finished() == 5);
}
