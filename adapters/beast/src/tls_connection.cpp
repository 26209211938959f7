#include "client_connection.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <utility>

namespace weir::detail {

namespace {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;
using boost::system::error_code;
using boost::system::system_error;

/// Its values are OpenSSL's X509_V_ERR_*, as of the handshake itself OpenSSL only says that it has failed.
struct certificate_category final : boost::system::error_category {
  const char* name() const noexcept override { return "weir.certificate"; }
  std::string message(int value) const override {
    return std::string("the server's certificate is refused: ") + X509_verify_cert_error_string(value);
  }
};

const certificate_category& certificates() {
  static const certificate_category only;
  return only;
}

/// What OpenSSL has found wrong stays wrong, whatever the context's own callback makes of it; that has its say about
/// the rest.
int refuse_first(int is_fine, X509_STORE_CTX* chain) {
  if (is_fine == 0) return 0;
  const auto* const tls =
      static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
  const SSL_verify_cb own = SSL_CTX_get_verify_callback(SSL_get_SSL_CTX(tls));
  return own != nullptr ? own(is_fine, chain) : 1;
}

class tls_connection final : public client_connection {
 public:
  tls_connection(asio::io_context& io, std::string server, ssl::context& tls, std::string host, bool verifies)
      : client_connection(io, std::move(server)),
        stream_(socket(), tls),
        host_(std::move(host)),
        verifies_(verifies) {
    // As a context of the user's own verifies nothing unless it was told to.
    SSL_set_verify(stream_.native_handle(), verifies ? SSL_VERIFY_PEER : SSL_VERIFY_NONE,
                   verifies ? refuse_first : nullptr);
    name_server();
  }
  ~tls_connection() override {
    // Asio's does not return before it has been answered, unless the socket refuses to wait; and goes on for as long
    // as anything else comes, unless OpenSSL takes it for answered.
    error_code ignored;
    socket().non_blocking(true, ignored);
    if (ignored) return;
    SSL_set_shutdown(tls(), SSL_get_shutdown(tls()) | SSL_RECEIVED_SHUTDOWN);
    stream_.shutdown(ignored);
  }

  asio::awaitable<void> begin() override {
    error_code error;
    auto greeting =
        stream_.async_handshake(ssl::stream_base::client, asio::redirect_error(asio::use_awaitable, error));
    co_await std::move(greeting);
    std::string what = "TLS handshake with " + host_;
    if (verifies_) {
      // After one that succeeded, too: a context can have OpenSSL pass over what was found.
      if (const long verdict = SSL_get_verify_result(tls()); verdict != X509_V_OK) {
        error.assign(static_cast<int>(verdict), certificates());
      } else if (!error && SSL_get0_peer_certificate(tls()) == nullptr) { // nor is there a verdict on none
        error.assign(X509_V_ERR_APPLICATION_VERIFICATION, certificates());
        what += ", without a certificate";
      }
    }
    if (error) throw system_error(error, what);
  }

  asio::awaitable<std::size_t> read_some(asio::mutable_buffer into, error_code& error) override {
    return stream_.async_read_some(into, asio::redirect_error(asio::use_awaitable, error));
  }

  asio::awaitable<std::size_t> write(head_and_body parts, error_code& error) override {
    return asio::async_write(stream_, parts, asio::redirect_error(asio::use_awaitable, error));
  }

  bool is_open() noexcept override {
    // What has been taken from the socket already, first; no more of it is taken here. Anything but the wish for more
    // is data that nobody asked for, or an error that the next call would run into.
    char next = 0;
    ERR_clear_error();
    const int peeked = SSL_peek(tls(), &next, 1);
    const bool is_silent = SSL_get_error(tls(), peeked) == SSL_ERROR_WANT_READ;
    ERR_clear_error();
    return is_silent && (SSL_get_shutdown(tls()) & SSL_RECEIVED_SHUTDOWN) == 0 && client_connection::is_open();
  }

 private:
  SSL* tls() noexcept { return stream_.native_handle(); }

  /// Who is asked for (RFC 6066 section 3: names only, without the dot at their end), and whom the certificate has to
  /// be for.
  void name_server() {
    error_code is_name;
    asio::ip::make_address(host_, is_name);
    const std::string name = host_.ends_with('.') ? host_.substr(0, host_.size() - 1) : host_;
    bool is_done = false;
    if (is_name) {
      // RFC 9110 section 4.3.4: the subject's common name is none of the server's.
      SSL_set_hostflags(tls(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
      is_done = SSL_set_tlsext_host_name(tls(), name.c_str()) == 1 && SSL_set1_host(tls(), name.c_str()) == 1;
    } else {
      const std::string address = host_.substr(0, host_.find('%')); // without its zone
      is_done = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls()), address.c_str()) == 1;
    }
    if (is_done) return;
    throw system_error(static_cast<int>(ERR_get_error()), asio::error::get_ssl_category(), "TLS to " + host_);
  }

  ssl::stream<asio::ip::tcp::socket&> stream_;
  const std::string host_;
  const bool verifies_;
};

} // namespace

std::unique_ptr<client_connection> make_tls_connection(asio::io_context& io, std::string server, ssl::context& tls,
                                                       std::string host, bool verifies) {
  return std::make_unique<tls_connection>(io, std::move(server), tls, std::move(host), verifies);
}

std::shared_ptr<ssl::context> make_tls_context() {
  auto made = std::make_shared<ssl::context>(ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(made->native_handle(), TLS1_2_VERSION);
  made->set_default_verify_paths();
  return made;
}

} // namespace weir::detail
