// spdlog's sinks that send: what the other end gets.
#include "run_program.hpp"
#include "weir/log.hpp"
#include "weir/log/spdlog_sink.hpp"

#include <spdlog/spdlog.h> // what udp_sink.h of 1.10 lacks

#include <spdlog/sinks/tcp_sink.h>
#include <spdlog/sinks/udp_sink.h>

#include <catch2/catch.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <regex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace {

/// A socket of 127.0.0.1 with a free port; closed at its end.
class local_socket {
 public:
  explicit local_socket(int type) : number_(::socket(AF_INET, type, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const ::timeval limit{.tv_sec = 30, .tv_usec = 0};
    if (::bind(number_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        (type == SOCK_STREAM && ::listen(number_, 1) != 0) ||
        ::setsockopt(number_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0)
      throw std::runtime_error("no socket");
  }
  /// The peer that has connected to `listening`.
  static local_socket of_peer(const local_socket& listening) {
    return local_socket(std::in_place, ::accept(listening.number_, nullptr, nullptr));
  }
  ~local_socket() { ::close(number_); }
  local_socket(const local_socket&) = delete;
  local_socket& operator=(const local_socket&) = delete;

  std::uint16_t port() const {
    sockaddr_in address{};
    ::socklen_t size = sizeof address;
    ::getsockname(number_, reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
  }
  /// One datagram, or what there is of a stream; empty at its end, and if nothing comes.
  std::string receive() const {
    char bytes[4096];
    const ::ssize_t got = ::recv(number_, bytes, sizeof bytes, 0);
    return {bytes, got > 0 ? static_cast<std::size_t>(got) : 0};
  }

 private:
  local_socket(std::in_place_t, int number) : number_(number) {}
  int number_;
};

constexpr std::string_view pattern = "%l|%n|%s:%#|%!|%v";

/// Logs two records; returns what they are by that pattern.
std::string log_two(weir::logger& log) {
  const auto line = __LINE__ + 1;
  WEIR_WARN(log, "sent {} bytes", 5, weir::field<"file">("a b"));
  log.error("two\nlines");
  const auto at = [&](int offset) { return std::to_string(line + offset) + "|log_two|"; };
  return "warning|server|spdlog_network_test.cpp:" + at(0) + "sent 5 bytes file=\"a b\"\n" +
         "error|server|spdlog_network_test.cpp:" + at(1) + "two\\nlines\n";
}

/// What log_two() logs through `target`; returns what it expects at the other end.
std::string log_through(std::shared_ptr<spdlog::sinks::sink> target) {
  target->set_pattern(std::string(pattern));
  weir::log_stream stream({.sinks = {weir::spdlog_sink(std::move(target))}});
  std::string expected = log_two(stream.get_logger("server"));
  CHECK(stream.close(std::chrono::minutes(1)));
  CHECK(stream.stats().written == 2);
  return expected;
}

} // namespace

TEST_CASE("spdlog: its TCP sink sends each record as a line", "[log][spdlog]") {
  const local_socket collector(SOCK_STREAM);
  const std::string expected = log_through(
      std::make_shared<spdlog::sinks::tcp_sink_mt>(spdlog::sinks::tcp_sink_config("127.0.0.1", collector.port())));
  const auto connection = local_socket::of_peer(collector);
  std::string got;
  for (std::string more = connection.receive(); !more.empty(); more = connection.receive()) got += more;
  CHECK(got == expected);
}

TEST_CASE("spdlog: its UDP sink sends each record as a datagram", "[log][spdlog]") {
  const local_socket collector(SOCK_DGRAM);
  const std::string expected = log_through(
      std::make_shared<spdlog::sinks::udp_sink_mt>(spdlog::sinks::udp_sink_config("127.0.0.1", collector.port())));
  const std::string first = collector.receive(), second = collector.receive();
  CHECK(first + second == expected);
  CHECK(first.ends_with("a b\"\n"));
}

TEST_CASE("spdlog: its syslog sink reaches the system's log", "[log][spdlog]") {
  const program_result got = run_program(WEIR_LOG_SYSTEM_LOG_CHILD " syslog");
  if (got.status == 77) {
    WARN("this system has no name spaces for users"); // and thus no /dev for a test
    return;
  }
  REQUIRE(got.status == 0);
  // The number is the facility (user, 1) times 8 and syslog's severity.
  const std::regex form(R"(<12>.{15} server: system_log_child.cpp:(\d+)\|log_two\|sent 5 bytes file="a b"\s*)"
                        R"(<11>.{15} server: system_log_child.cpp:(\d+)\|log_two\|two\\nlines\s*)");
  std::smatch parts;
  REQUIRE(std::regex_match(got.output, parts, form));
  CHECK(std::stoi(parts[1]) + 1 == std::stoi(parts[2]));
}

#ifdef WEIR_HAS_SYSTEMD
TEST_CASE("spdlog: its systemd sink reaches the journal", "[log][spdlog]") {
  const program_result got = run_program(WEIR_LOG_SYSTEM_LOG_CHILD " journal");
  if (got.status == 77) {
    WARN("this system has no name spaces for users");
    return;
  }
  REQUIRE(got.status == 0);
  const std::regex form(R"(MESSAGE=sent 5 bytes file="a b"\nPRIORITY=4\nSYSLOG_IDENTIFIER=server\n)"
                        R"(CODE_FILE=\S+/system_log_child.cpp\nCODE_LINE=(\d+)\nCODE_FUNC=log_two\n\n?)"
                        R"(MESSAGE=two\\nlines\nPRIORITY=3\nSYSLOG_IDENTIFIER=server\n)"
                        R"(CODE_FILE=\S+/system_log_child.cpp\nCODE_LINE=(\d+)\nCODE_FUNC=log_two\n\n?)");
  std::smatch parts;
  REQUIRE(std::regex_match(got.output, parts, form));
  CHECK(std::stoi(parts[1]) + 1 == std::stoi(parts[2]));
}
#endif
