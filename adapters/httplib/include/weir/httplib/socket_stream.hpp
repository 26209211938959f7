// The stream between httplib and a connection's socket, which tells the exchange what passes through it.
#pragma once

#include "weir/http/client_watch_options.hpp"
#include "weir/http/exchange.hpp"
#include "weir/httplib/response_meter.hpp"

#include <httplib.h>

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace weir::detail {

/// An address as httplib's requests have it: of a Unix socket none, and in the port's place the peer's process.
struct socket_address {
  std::string text;
  int port = -1;

  static socket_address of_peer(int socket) { return look_up(socket, &::getpeername); }
  static socket_address of_this_side(int socket) { return look_up(socket, &::getsockname); }

 private:
  static socket_address look_up(int socket, int (*get)(int, sockaddr*, socklen_t*) noexcept) {
    sockaddr_storage address{};
    auto size = static_cast<socklen_t>(sizeof address);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    std::array<char, NI_MAXHOST> host{};
    std::array<char, NI_MAXSERV> service{};
    if (get(socket, generic, &size) != 0) return {};
    if (address.ss_family == AF_UNIX) return {{}, get == &::getpeername ? peer_process(socket) : -1};
    if (::getnameinfo(generic, size, host.data(), host.size(), service.data(), service.size(),
                      NI_NUMERICHOST | NI_NUMERICSERV) != 0)
      return {};
    return {host.data(), std::atoi(service.data())};
  }
  static int peer_process(int socket) {
    ucred found{};
    auto size = static_cast<socklen_t>(sizeof found);
    return ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &found, &size) == 0 ? found.pid : -1;
  }
};

/// What all requests of a connection share.
struct httplib_connection {
  int socket;
  std::chrono::milliseconds read_timeout, write_timeout;
  half_close_policy half_close;
  socket_address peer, this_side;
};

/// Waits for `events`, at most `limit`. Returns whether one of them, or an error, is there.
inline bool wait_for(int socket, short events, std::chrono::milliseconds limit) noexcept {
  const auto until = std::chrono::steady_clock::now() + limit;
  for (;;) {
    pollfd watched{socket, events, 0};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    const int found = ::poll(&watched, 1, left.count() < 0 ? 0 : static_cast<int>(left.count()));
    if (found >= 0 || errno != EINTR) return found > 0;
  }
}

/// Whether httplib's streams have the functions that wait apart from those that ask, as from 0.20 on.
template <class Stream>
concept has_waits = requires(const Stream& stream) {
  stream.wait_readable();
};

/// One request's way in and its response's way out, with the time-outs and the read-ahead of httplib's own stream.
class socket_stream final : public httplib::Stream {
 public:
  socket_stream(const httplib_connection& connection, exchange& observed) noexcept
      : connection_(connection), exchange_(observed), read_timeout_(connection.read_timeout) {}

  /// When the request's first byte was read; the epoch if none was.
  std::chrono::steady_clock::time_point received() const noexcept { return received_; }
  /// The request's first line, without its end, up to 512 bytes.
  std::string_view first_line() const noexcept { return {first_line_.data(), first_line_size_}; }
  std::uint64_t body_bytes_read() const noexcept { return body_bytes_read_; }
  const response_meter& response() const noexcept { return response_; }
  bool has_failed() const noexcept { return failed_; }

  // What httplib asks and waits for. Not marked `override`, as no version has all of them, and those that one has are
  // abstract there, but the last two.
  bool is_readable() const {
    if constexpr (has_waits<httplib::Stream>)
      return next_ < filled_;
    else
      return wait_readable();
  }
  bool wait_readable() const { return wait_for(connection_.socket, POLLIN, read_timeout_); }
  bool is_writable() const { return wait_writable(); }
  /// Also false when the client has closed its side, as that is how httplib learns that it need not go on. Who is
  /// told so writes no more: the exchange learns it here.
  bool wait_writable() const {
    if (!wait_for(connection_.socket, POLLOUT, connection_.write_timeout)) return tell(cancel_reason::timeout);
    return is_peer_alive();
  }
  /// In milliseconds.
  time_t duration() const {
    if (received_ == std::chrono::steady_clock::time_point{}) return 0;
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::steady_clock::now() - received_).count();
  }
  bool is_peer_alive() const {
    const std::optional<cancel_reason> gone = why_peer_is_gone();
    return !gone || tell(*gone);
  }
  void set_read_timeout(time_t seconds, time_t microseconds = 0) {
    using std::chrono::duration_cast, std::chrono::milliseconds;
    read_timeout_ =
        duration_cast<milliseconds>(std::chrono::seconds(seconds) + std::chrono::microseconds(microseconds));
  }

  ssize_t read(char* to, std::size_t size) {
    if (next_ == filled_) {
      if (size >= buffer_.size()) return count_read(receive(to, size), to);
      const ssize_t received = receive(buffer_.data(), buffer_.size());
      if (received <= 0) return received;
      next_ = 0;
      filled_ = static_cast<std::size_t>(received);
    }
    const std::size_t taken = (std::min)(size, filled_ - next_);
    std::memcpy(to, buffer_.data() + next_, taken);
    next_ += taken;
    return count_read(static_cast<ssize_t>(taken), to);
  }

  using httplib::Stream::write;
  ssize_t write(const char* from, std::size_t size) {
    if (!wait_for(connection_.socket, POLLOUT, connection_.write_timeout)) return fail(cancel_reason::timeout);
    if (const std::optional<cancel_reason> gone = why_peer_is_gone()) return fail(*gone);
    const bool header_was_sent = response_.status() != 0;
    const auto began = header_was_sent ? std::chrono::steady_clock::time_point() : std::chrono::steady_clock::now();
    ssize_t sent;
    do sent = ::send(connection_.socket, from, size, MSG_NOSIGNAL | CPPHTTPLIB_SEND_FLAGS);
    while (sent < 0 && errno == EINTR);
    if (sent < 0) return fail(errno == EAGAIN ? cancel_reason::timeout : cancel_reason::client_reset);
    response_.sent({from, static_cast<std::size_t>(sent)});
    if (!header_was_sent && response_.status() != 0 && exchange_.is_open())
      exchange_.response_started(response_.status(), began);
    return sent;
  }

  void get_remote_ip_and_port(std::string& ip, int& port) const {
    ip = connection_.peer.text;
    port = connection_.peer.port;
  }
  void get_local_ip_and_port(std::string& ip, int& port) const {
    ip = connection_.this_side.text;
    port = connection_.this_side.port;
  }
  socket_t socket() const { return connection_.socket; }

 private:
  ssize_t receive(char* to, std::size_t size) noexcept {
    if (!wait_readable()) return fail(cancel_reason::timeout);
    ssize_t received;
    do received = ::recv(connection_.socket, to, size, CPPHTTPLIB_RECV_FLAGS);
    while (received < 0 && errno == EINTR);
    if (received < 0) return fail(errno == EAGAIN ? cancel_reason::timeout : cancel_reason::client_reset);
    // The end of a request that says nothing of its length, for a client that may half-close.
    if (received == 0 && connection_.half_close == half_close_policy::cancel) fail(cancel_reason::client_closed);
    return received;
  }

  ssize_t count_read(ssize_t size, const char* bytes) noexcept {
    if (size <= 0) return size;
    if (received_ == std::chrono::steady_clock::time_point{}) received_ = std::chrono::steady_clock::now();
    // httplib has read exactly the header, byte by byte, when the exchange begins.
    if (exchange_.is_open()) {
      body_bytes_read_ += static_cast<std::uint64_t>(size);
    } else if (!first_line_ended_ && size == 1) {
      first_line_ended_ = *bytes == '\r' || *bytes == '\n' || first_line_size_ == first_line_.size();
      if (!first_line_ended_) first_line_[first_line_size_++] = *bytes;
    }
    return size;
  }

  /// Of a reset the kernel tells once: what asked is the one to say so.
  std::optional<cancel_reason> why_peer_is_gone() const noexcept {
    char byte;
    const ssize_t found = ::recv(connection_.socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (found < 0 && errno == ECONNRESET) return cancel_reason::client_reset;
    if (found == 0 && connection_.half_close == half_close_policy::cancel) return cancel_reason::client_closed;
    return std::nullopt;
  }

  bool tell(cancel_reason reason) const noexcept {
    if (exchange_.is_open()) exchange_.cancel(reason);
    return false;
  }
  ssize_t fail(cancel_reason reason) noexcept {
    // From 0.40 on httplib reads what is left of a request's body when all is answered: that is nothing to the request.
    if (response_.is_whole().value_or(false)) return -1;
    failed_ = true;
    tell(reason);
    return -1;
  }

  const httplib_connection& connection_;
  exchange& exchange_;
  response_meter response_;
  std::chrono::milliseconds read_timeout_;
  std::chrono::steady_clock::time_point received_{};
  std::uint64_t body_bytes_read_ = 0;
  bool failed_ = false, first_line_ended_ = false;
  std::size_t first_line_size_ = 0, next_ = 0, filled_ = 0;
  std::array<char, 512> first_line_;
  std::array<char, 4096> buffer_;
};

} // namespace weir::detail
