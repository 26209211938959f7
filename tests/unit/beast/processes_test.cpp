// Servers in several processes. Not under sanitizers: GCC 12's do not survive a fork amid threads.
#include "weir/beast/client.hpp"
#include "weir/beast/server.hpp"

#include "context/in_child.hpp"
#include "server_fixture.hpp"
#include "weir/asio/sleep.hpp"

#include <catch2/catch.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

using namespace weir_test;

namespace {

/// A child that runs a server, whose every answer is its pid, after a wait; killed in the end.
class server_process {
 public:
  explicit server_process(const weir::server_options& options) {
    int ready[2];
    REQUIRE(::pipe(ready) == 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::alarm(60);
      serve(options, ready[1]);
    }
    ::close(ready[1]);
    CHECK(::read(ready[0], &port_, sizeof port_) == sizeof port_);
    ::close(ready[0]);
  }
  server_process(const server_process&) = delete;
  server_process& operator=(const server_process&) = delete;
  ~server_process() { kill(); }

  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(std::exchange(pid_, -1), nullptr, 0);
  }
  std::uint16_t port() const { return port_; }
  std::string name() const { return std::to_string(pid_); }

 private:
  [[noreturn]] static void serve(const weir::server_options& options, int ready) {
    try {
      weir::http_server server(options);
      server.get("/", [](http_request& request, http_response& response) -> task {
        static_cast<void>(co_await weir::sleep_for(request.ctx(), 1ms));
        response.body(std::to_string(::getpid()));
      });
      const std::uint16_t port = server.port();
      if (::write(ready, &port, sizeof port) == sizeof port) server.run();
    } catch (...) {
    }
    ::_exit(1);
  }

  ::pid_t pid_ = -1;
  std::uint16_t port_ = 0;
};

std::string asked(std::uint16_t port) { return raw_client(port).get("/").body; }

} // namespace

// Handlers that waited hung, as children shared the set of descriptors with which Asio waits.
TEST_CASE("processes: a server that was made before a fork does not run in the child, and says why", "[beast]") {
  weir::http_server server(quick());
  const int result = in_child([&] {
    try {
      server.run();
    } catch (const std::logic_error& error) {
      return std::string_view(error.what()).find("reuse_port") != std::string_view::npos ? 7 : 2;
    }
    return 1;
  });
  CHECK(result == 7);
}

TEST_CASE("processes: with reuse_port several have one port, and each its share", "[beast]") {
  const server_process first({.port = 0, .reuse_port = true});
  const server_process second({.port = first.port(), .reuse_port = true});
  std::set<std::string> answered;
  for (int i = 0; i < 1000 && answered.size() < 2; ++i) answered.insert(asked(first.port()));
  CHECK(answered == std::set{first.name(), second.name()});
}

TEST_CASE("processes: several serve one inherited socket, and what one leaves the other takes", "[beast]") {
  const raw_socket listening(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::listen(listening.get(), 128) == 0); // on any port
  server_process first({.listen_fd = listening.get()});
  const server_process second({.listen_fd = listening.get()});
  CHECK(first.port() == second.port());
  const std::set<std::string> all{first.name(), second.name()};
  for (int i = 0; i < 20; ++i) CHECK(all.contains(asked(first.port())));
  first.kill();
  for (int i = 0; i < 5; ++i) CHECK(asked(second.port()) == second.name());
}

// Asio takes what it closes out of the set of descriptors, which was the parent's, too.
TEST_CASE("processes: a child that destroys its copies of server and client takes nothing from its parent",
          "[beast]") {
  const raw_socket listening(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::listen(listening.get(), 128) == 0); // on any port
  const bool is_inherited = GENERATE(false, true);
  weir::server_options options = quick();
  if (is_inherited) options = {.listen_fd = ::dup(listening.get())};
  std::optional<weir::http_server> server(std::in_place, options);
  server->get("/", [](http_request& request, http_response& response) -> task {
    static_cast<void>(co_await weir::sleep_for(request.ctx(), 1ms));
    response.body("waited");
  });
  std::optional<weir::http_client> client(std::in_place);
  const std::jthread running([&] { server->run(); });
  raw_client kept(server->port());
  CHECK(kept.get("/").body == "waited");
  CHECK(in_child([&] {
          server.reset();
          client.reset();
          return 0;
        }) == 0);
  CHECK(kept.get("/").body == "waited");
  CHECK(asked(server->port()) == "waited");
  server->stop(0ms);
}
