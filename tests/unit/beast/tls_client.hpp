// A client that speaks TLS over a plain socket and leaves in any way it likes: OpenSSL itself, so that nothing is
// mended on the way.
#pragma once

#include "raw_client.hpp"

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace weir_test {

/// One connection to a server, whose certificate it does not look at. Reads and writes give up by throwing.
class tls_client : public raw_client {
 public:
  explicit tls_client(std::uint16_t port)
      : raw_client(port), context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free) {
    tls_.reset(context_ != nullptr ? SSL_new(context_.get()) : nullptr);
    if (tls_ == nullptr || SSL_set_fd(tls_.get(), raw_socket::get()) != 1 || SSL_connect(tls_.get()) != 1)
      throw std::runtime_error("no TLS connection");
  }

  void send(std::string_view text) {
    if (SSL_write(tls_.get(), text.data(), static_cast<int>(text.size())) != static_cast<int>(text.size()))
      throw std::runtime_error("the TLS connection takes no more");
  }
  /// What the server sent by now; "" at its end.
  std::string receive() {
    char part[65536];
    const int bytes = SSL_read(tls_.get(), part, sizeof part);
    return {part, static_cast<std::size_t>(bytes > 0 ? bytes : 0)};
  }
  /// Tells the server, in TLS, that nothing more will come, and does not wait for its answer.
  void notify_close() { SSL_shutdown(tls_.get()); }

 private:
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> tls_{nullptr, SSL_free};
};

} // namespace weir_test
