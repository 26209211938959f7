#include "tiny_server.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <exception>
#include <optional>

namespace tiny {

namespace {

/// The next line of the connection, without its end, or nothing when there is no more.
std::optional<std::string> read_line(int socket) {
  std::string line;
  for (char byte = 0; ::recv(socket, &byte, 1, 0) == 1;) {
    if (byte == '\n') return line;
    if (byte != '\r') line += byte;
  }
  return {};
}

std::optional<request> read_request(int socket) {
  const auto first = read_line(socket);
  if (!first) return {};
  request read;
  const auto method_end = first->find(' '), target_end = first->rfind(' ');
  read.method = first->substr(0, method_end);
  read.target = first->substr(method_end + 1, target_end - method_end - 1);
  for (auto line = read_line(socket); line && !line->empty(); line = read_line(socket)) {
    const auto colon = line->find(':');
    std::string name = line->substr(0, colon);
    std::ranges::transform(name, name.begin(), [](unsigned char each) { return std::tolower(each); });
    read.headers.emplace_back(std::move(name), line->substr(colon + 2));
  }
  return read;
}

/// Returns how much of `text` was sent, and sets `error` if that is not all.
std::size_t send_all(int socket, std::string_view text, int& error) {
  std::size_t sent = 0;
  while (sent < text.size()) {
    const ssize_t part = ::send(socket, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (part < 0) {
      error = errno;
      break;
    }
    sent += static_cast<std::size_t>(part);
  }
  return sent;
}

} // namespace

void serve(int socket, const routes& known, const make_events& make) {
  const std::unique_ptr<events> told = make(socket);
  int error = 0;
  while (error == 0) {
    const auto asked = read_request(socket);
    if (!asked) return;
    const auto found =
        std::ranges::find_if(known, [&](const auto& route) { return asked->target.starts_with(route.first); });
    const unsigned refused = told->on_request(*asked, found != known.end() ? found->first : "");
    response answer{refused != 0 ? refused : 404, ""};
    try {
      if (refused == 0 && found != known.end()) found->second(*asked, answer = {});
    } catch (const std::exception& thrown) {
      told->on_exception(thrown.what());
      answer = {500, ""};
    }
    told->on_response(answer);
    send_all(socket,
             "HTTP/1.1 " + std::to_string(answer.status) +
                 " -\r\nContent-Length: " + std::to_string(answer.body.size()) + "\r\n\r\n",
             error);
    const std::size_t sent = error == 0 ? send_all(socket, answer.body, error) : 0;
    told->on_sent(sent, error);
  }
}

} // namespace tiny
