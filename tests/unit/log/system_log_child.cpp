// Logs through spdlog's syslog or systemd sink, and prints what the system's log is sent: its socket is this
// program's own, in a /dev or /run that nobody else sees. Exits with 77 where the system gives it no such place.
#include "weir/log.hpp"
#include "weir/log/spdlog_sink.hpp"

#include <spdlog/sinks/syslog_sink.h>
#ifdef WEIR_HAS_SYSTEMD
#include <spdlog/sinks/systemd_sink.h>
#endif

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

namespace {

constexpr int no_place = 77;

void write_file(const char* path, const std::string& text) {
  const int file = ::open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0 || ::write(file, text.data(), text.size()) != static_cast<::ssize_t>(text.size())) std::exit(no_place);
  ::close(file);
}

/// Puts an empty directory in the place of `path`, for this process alone.
void hide(const char* path) {
  const auto user = ::getuid(), group = ::getgid();
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) std::exit(no_place);
  write_file("/proc/self/setgroups", "deny");
  write_file("/proc/self/uid_map", "0 " + std::to_string(user) + " 1");
  write_file("/proc/self/gid_map", "0 " + std::to_string(group) + " 1");
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("tmpfs", path, "tmpfs", 0, nullptr) != 0)
    std::exit(no_place);
}

int listen_at(const char* path) {
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  if (::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) std::exit(2);
  return socket;
}

void log_two(weir::logger& log) {
  WEIR_WARN(log, "sent {} bytes", 5, weir::field<"file">("a b"));
  log.error("two\nlines");
}

} // namespace

int main(int, char** arguments) {
  const bool journal = arguments[1] == std::string("journal");
  hide(journal ? "/run" : "/dev");
  std::shared_ptr<spdlog::sinks::sink> target;
  int socket = -1;
  if (journal) {
#ifdef WEIR_HAS_SYSTEMD
    ::mkdir("/run/systemd", 0755);
    ::mkdir("/run/systemd/journal", 0755);
    socket = listen_at("/run/systemd/journal/socket");
    target = std::make_shared<spdlog::sinks::systemd_sink_mt>();
#endif
  } else {
    socket = listen_at("/dev/log");
    target = std::make_shared<spdlog::sinks::syslog_sink_mt>("server", 0, LOG_USER, true);
    target->set_pattern("%s:%#|%!|%v");
  }
  weir::log_stream stream({.sinks = {weir::spdlog_sink(target)}});
  log_two(stream.get_logger("server"));
  if (!stream.close(std::chrono::minutes(1)) || stream.stats().written != 2) return 1;
  for (int i = 0; i < 2; ++i) {
    char datagram[4096];
    const ::ssize_t size = ::recv(socket, datagram, sizeof datagram, MSG_DONTWAIT);
    if (size > 0) std::printf("%.*s\n", static_cast<int>(size), datagram);
  }
}
