// A client that sends bytes and leaves in any way it likes: plain sockets, so that nothing is mended on the way.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace weir_test {

/// A socket that is closed in the end.
class raw_socket {
 public:
  explicit raw_socket(int opened) : descriptor_(opened) {
    if (opened < 0) throw std::system_error(errno, std::system_category(), "socket");
  }
  raw_socket(raw_socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  raw_socket& operator=(raw_socket&&) = delete;
  ~raw_socket() { close(); }

  int get() const noexcept { return descriptor_; }
  void close() noexcept {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }
  /// Closes so that the peer sees a broken connection.
  void reset() noexcept {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
  }
  void shutdown_send() const noexcept { ::shutdown(descriptor_, SHUT_WR); }
  void send(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t sent = ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent < 0) throw std::system_error(errno, std::system_category(), "send");
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

 private:
  int descriptor_;
};

inline sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

inline raw_socket connect_to(std::uint16_t port) {
  raw_socket made(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = loopback(port);
  if (::connect(made.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::system_error(errno, std::system_category(), "connect");
  return made;
}

/// A listening socket on a free port, for both ends of a connection in one process.
class raw_listener {
 public:
  raw_listener() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket_.get(), generic, size) != 0 || ::listen(socket_.get(), 128) != 0 ||
        ::getsockname(socket_.get(), generic, &size) != 0)
      throw std::system_error(errno, std::system_category(), "listen");
    port_ = ntohs(address.sin_port);
  }
  std::uint16_t port() const noexcept { return port_; }
  raw_socket connect() const { return connect_to(port_); }
  raw_socket accept() const { return raw_socket(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC)); }

 private:
  raw_socket socket_;
  std::uint16_t port_ = 0;
};

/// What came back.
struct raw_response {
  unsigned status = 0;
  std::string head; // with the status line
  std::string body;

  /// The value of that header, or "(absent)".
  std::string header(std::string_view name) const {
    std::string_view rest = head;
    while (!rest.empty()) {
      const std::string_view line = rest.substr(0, rest.find("\r\n"));
      rest.remove_prefix(std::min(rest.size(), line.size() + 2));
      if (line.size() <= name.size() + 1 || line[name.size()] != ':') continue;
      const auto same = [](char a, char b) { return std::tolower(a) == std::tolower(b); };
      if (std::equal(name.begin(), name.end(), line.begin(), same))
        return std::string(line.substr(std::min(line.size(), name.size() + 2)));
    }
    return "(absent)";
  }
};

/// One connection to a server. Reads give up after ten seconds, by throwing.
class raw_client : public raw_socket {
 public:
  explicit raw_client(std::uint16_t port) : raw_socket(connect_to(port)) {
    const timeval limit{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }

  /// The next response. `has_body`: false for the answer to HEAD.
  raw_response read(bool has_body = true) {
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == buffer_.npos)
      if (!more()) throw std::runtime_error("the connection ended before a response: " + buffer_);
    raw_response response;
    response.head = buffer_.substr(0, end + 2);
    buffer_.erase(0, end + 4);
    const std::string_view status = std::string_view(response.head).substr(9, 3);
    std::from_chars(status.data(), status.data() + status.size(), response.status);
    std::size_t length = 0;
    const std::string announced = response.header("Content-Length");
    std::from_chars(announced.data(), announced.data() + announced.size(), length);
    if (!has_body) length = 0;
    while (buffer_.size() < length)
      if (!more()) throw std::runtime_error("the connection ended within a body");
    response.body = buffer_.substr(0, length);
    buffer_.erase(0, length);
    return response;
  }

  raw_response ask(std::string_view request, bool has_body = true) {
    send(request);
    return read(has_body);
  }
  raw_response get(std::string_view target) {
    return ask("GET " + std::string(target) + " HTTP/1.1\r\nHost: test\r\n\r\n");
  }
  using raw_socket::get;

  /// Waits for so much of a response, and forgets it.
  void take(std::size_t bytes) {
    while (buffer_.size() < bytes)
      if (!more()) throw std::runtime_error("the connection ended");
    buffer_.clear();
  }

  /// The next bytes of a body without a length; fewer if the connection ends.
  std::string take_text(std::size_t bytes) {
    while (buffer_.size() < bytes && more()) {
    }
    const std::string taken = buffer_.substr(0, bytes);
    buffer_.erase(0, taken.size());
    return taken;
  }

  /// Whether the server has ended the connection, in whichever way; waits for that. What it still sends is passed
  /// over.
  bool at_end() {
    while (more()) buffer_.clear();
    return true;
  }
  /// The same; whether it was broken, and not ended in order.
  bool is_reset() { return at_end() && is_broken_; }

 private:
  bool more() {
    char part[65536];
    const ssize_t bytes = ::recv(raw_socket::get(), part, sizeof part, 0);
    if (bytes < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) throw std::runtime_error("no answer in ten seconds");
    is_broken_ = bytes < 0;
    if (bytes <= 0) return false;
    buffer_.append(part, static_cast<std::size_t>(bytes));
    return true;
  }

  std::string buffer_;
  bool is_broken_ = false;
};

} // namespace weir_test
