// A client that speaks TLS over a plain socket and leaves in any way it likes: OpenSSL itself, so that nothing is
// mended on the way.
#pragma once

#include "raw_client.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

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
  /// Holds back what is sent until it is called with false: then it goes as one segment.
  void hold(bool held) {
    const int cork = held ? 1 : 0;
    if (::setsockopt(raw_socket::get(), IPPROTO_TCP, TCP_CORK, &cork, sizeof cork) != 0)
      throw std::runtime_error("no TCP_CORK");
  }
  /// What the server sent by now; "" at its end.
  std::string receive() {
    char part[65536];
    const int bytes = SSL_read(tls_.get(), part, sizeof part);
    return {part, static_cast<std::size_t>(bytes > 0 ? bytes : 0)};
  }
  /// Goes on with new keys, and has the server do so, too.
  void update_keys() {
    if (SSL_key_update(tls_.get(), SSL_KEY_UPDATE_REQUESTED) != 1 || SSL_do_handshake(tls_.get()) != 1)
      throw std::runtime_error("no new keys");
  }
  /// That many changes of its own keys and `text` behind them, as the bytes that are to be sent for it. Nothing else
  /// can be sent afterwards.
  std::string key_updates(int count, std::string_view text) {
    BIO* const memory = write_to_memory();
    for (int i = 0; i < count; ++i)
      if (SSL_key_update(tls_.get(), SSL_KEY_UPDATE_NOT_REQUESTED) != 1 || SSL_do_handshake(tls_.get()) != 1)
        throw std::runtime_error("no new keys");
    send(text);
    char* data = nullptr;
    const long bytes = BIO_get_mem_data(memory, &data);
    return {data, static_cast<std::size_t>(bytes)};
  }
  /// Tells the server, in TLS, that nothing more will come, and does not wait for its answer.
  void notify_close() { SSL_shutdown(tls_.get()); }
  /// The same, as the bytes that are to be sent for it.
  std::string close_notify() {
    BIO* const memory = write_to_memory();
    SSL_shutdown(tls_.get());
    char record[256];
    const int bytes = BIO_read(memory, record, sizeof record);
    return {record, static_cast<std::size_t>(bytes > 0 ? bytes : 0)};
  }

 private:
  BIO* write_to_memory() {
    BIO* const memory = BIO_new(BIO_s_mem());
    if (memory == nullptr) throw std::runtime_error("no memory for a BIO");
    SSL_set0_wbio(tls_.get(), memory);
    return memory;
  }

  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> tls_{nullptr, SSL_free};
};

} // namespace weir_test
