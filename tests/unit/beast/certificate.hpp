// Certificates for servers that speak TLS.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/context.hpp>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>

namespace weir_test {

/// Signed by itself.
struct certificate_options {
  std::string names = "DNS:localhost,IP:127.0.0.1";
  std::string common_name = "weir";
  long valid_from_s = -3600, valid_until_s = 3600; ///< from now
};

class certificate {
 public:
  explicit certificate(const certificate_options& options = {})
      : key_(EVP_EC_gen("P-256"), EVP_PKEY_free), signed_(X509_new(), X509_free) {
    X509_set_version(signed_.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(signed_.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(signed_.get()), options.valid_from_s);
    X509_gmtime_adj(X509_getm_notAfter(signed_.get()), options.valid_until_s);
    X509_set_pubkey(signed_.get(), key_.get());
    X509_NAME* const name = X509_get_subject_name(signed_.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(options.common_name.c_str()), -1, -1, 0);
    X509_set_issuer_name(signed_.get(), name);
    X509_EXTENSION* const names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, options.names.c_str());
    X509_add_ext(signed_.get(), names, -1);
    X509_EXTENSION_free(names);
    if (X509_sign(signed_.get(), key_.get(), EVP_sha256()) == 0) throw std::runtime_error("no certificate");
  }
  EVP_PKEY* key() const { return key_.get(); }
  X509* get() const { return signed_.get(); }

  std::string pem() const {
    return written([&](BIO* text) { PEM_write_bio_X509(text, signed_.get()); });
  }
  std::string key_pem() const {
    return written(
        [&](BIO* text) { PEM_write_bio_PrivateKey(text, key_.get(), nullptr, nullptr, 0, nullptr, nullptr); });
  }
  /// For a client that trusts this one and no other. It says nothing of verifying.
  std::shared_ptr<boost::asio::ssl::context> trusted() const {
    auto tls = std::make_shared<boost::asio::ssl::context>(boost::asio::ssl::context::tls_client);
    tls->add_certificate_authority(boost::asio::buffer(pem()));
    return tls;
  }

 private:
  template <class Write>
  static std::string written(Write write) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> text(BIO_new(BIO_s_mem()), BIO_free);
    write(text.get());
    char* data = nullptr;
    const long size = BIO_get_mem_data(text.get(), &data);
    return {data, static_cast<std::size_t>(size)};
  }

  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
  std::unique_ptr<X509, decltype(&X509_free)> signed_;
};

} // namespace weir_test
