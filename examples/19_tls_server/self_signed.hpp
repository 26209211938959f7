// A certificate for trying TLS out: made anew, signed by itself, trusted by nobody.
#pragma once

#include <boost/asio/ssl/context.hpp>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <stdexcept>
#include <string>

/// Gives `tls` a key of its own, and a certificate for localhost that is valid for a day. Throws std::runtime_error.
inline void use_self_signed_certificate(boost::asio::ssl::context& tls) {
  const auto demand = [](bool done, const char* step) {
    if (!done) throw std::runtime_error(std::string(step) + ": " + ERR_error_string(ERR_get_error(), nullptr));
  };
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  demand(key != nullptr, "making a key");
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
  demand(certificate != nullptr, "making a certificate");
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 24 * 60 * 60);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* const name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"), -1, -1,
                             0);
  X509_set_issuer_name(certificate.get(), name);
  demand(X509_sign(certificate.get(), key.get(), EVP_sha256()) != 0, "signing a certificate");
  demand(SSL_CTX_use_certificate(tls.native_handle(), certificate.get()) == 1, "using a certificate");
  demand(SSL_CTX_use_PrivateKey(tls.native_handle(), key.get()) == 1, "using a key");
}
