// A server that speaks TLS over plain sockets: OpenSSL itself, so that nothing is mended on the way.
#pragma once

#include "certificate.hpp"
#include "raw_client.hpp"

#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace weir_test {

/// How its connections end.
enum class goodbye { client_first, notified, unnotified };

/// Gives the same answer to each request. Lifetime: outlives its clients.
class tls_server {
 public:
  static constexpr const char* ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

  /// `ciphers`: for TLS 1.2, as in openssl-ciphers(1); nullptr: OpenSSL's own. `known`: the one client that it
  /// serves; nullptr: all. `behind`: sends something in one with each answer.
  explicit tls_server(const certificate& its, std::string answer = ok, goodbye ends = goodbye::client_first,
                      const char* ciphers = nullptr, const certificate* known = nullptr,
                      std::function<void(SSL*, const raw_socket&)> behind = {})
      : context_(SSL_CTX_new(TLS_server_method()), SSL_CTX_free), behind_(std::move(behind)) {
    SSL_CTX_use_certificate(context_.get(), its.get());
    SSL_CTX_use_PrivateKey(context_.get(), its.key());
    if (ciphers != nullptr && SSL_CTX_set_cipher_list(context_.get(), ciphers) != 1)
      throw std::runtime_error("no such ciphers");
    if (known != nullptr) {
      SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
      X509_STORE_add_cert(SSL_CTX_get_cert_store(context_.get()), known->get());
    }
    thread_ = std::jthread([this, answer = std::move(answer), ends](const std::stop_token& stop) {
      std::vector<std::jthread> serving;
      while (true) {
        raw_socket client = listener_.accept();
        if (stop.stop_requested()) return;
        ++connections;
        serving.emplace_back([&, client = std::move(client)] { serve(client, answer, ends); });
      }
    });
  }
  ~tls_server() {
    thread_.request_stop();
    connect_to(listener_.port());
  }
  std::uint16_t port() const { return listener_.port(); }
  /// What the last handshake agreed on: "TLSv1.3".
  std::string version() const {
    const std::lock_guard hold(mutex_);
    return version_;
  }
  /// For whom the last client asked.
  std::string asked_for() const {
    const std::lock_guard hold(mutex_);
    return asked_for_;
  }
  std::string url(const std::string& host = "localhost") const {
    return "https://" + host + ":" + std::to_string(port()) + "/";
  }

  std::atomic<int> connections{0}, requests{0};
  std::atomic<int> goodbyes{0}; ///< clients that told that they close

 private:
  void serve(const raw_socket& client, const std::string& answer, goodbye ends) {
    // OpenSSL writes without MSG_NOSIGNAL, and who refuses a server may be gone before its last message.
    sigset_t broken_pipe;
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
    const timeval limit{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(client.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    const std::unique_ptr<SSL, decltype(&SSL_free)> tls(SSL_new(context_.get()), SSL_free);
    SSL_set_fd(tls.get(), client.get());
    if (SSL_accept(tls.get()) != 1) return;
    {
      const std::lock_guard hold(mutex_);
      version_ = SSL_get_version(tls.get());
      if (const char* name = SSL_get_servername(tls.get(), TLSEXT_NAMETYPE_host_name)) asked_for_ = name;
    }
    std::string head;
    char next = 0;
    while (SSL_read(tls.get(), &next, 1) == 1) {
      head.push_back(next);
      if (!head.ends_with("\r\n\r\n")) continue;
      ++requests;
      head.clear();
      if (behind_) hold(client, 1);
      SSL_write(tls.get(), answer.data(), static_cast<int>(answer.size()));
      if (behind_) {
        behind_(tls.get(), client);
        hold(client, 0);
      }
      if (ends == goodbye::notified) SSL_shutdown(tls.get());
      if (ends != goodbye::client_first) return;
    }
    goodbyes += (SSL_get_shutdown(tls.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
  }

  static void hold(const raw_socket& client, int held) {
    ::setsockopt(client.get(), IPPROTO_TCP, TCP_CORK, &held, sizeof held);
  }

  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  const std::function<void(SSL*, const raw_socket&)> behind_;
  raw_listener listener_;
  mutable std::mutex mutex_;
  std::string asked_for_, version_;
  std::jthread thread_;
};

} // namespace weir_test
