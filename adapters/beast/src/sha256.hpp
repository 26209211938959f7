// SHA-256, by OpenSSL.
#pragma once

#include <openssl/evp.h>

#include <array>
#include <memory>
#include <new>
#include <span>
#include <stdexcept>
#include <string>

namespace weir::detail {

/// Hashes one text after the other. Thread-compatible. Errors: std::bad_alloc; std::runtime_error if OpenSSL's
/// configuration has no SHA-256.
class sha256 {
 public:
  sha256() {
    if (state_ == nullptr) throw std::bad_alloc();
    begin();
  }

  void update(std::span<const char> bytes) { check(EVP_DigestUpdate(state_.get(), bytes.data(), bytes.size())); }

  /// The hash in lower-case hexadecimal; the next text begins.
  std::string finish() {
    constexpr std::string_view digits = "0123456789abcdef";
    std::array<unsigned char, 32> hash{};
    check(EVP_DigestFinal_ex(state_.get(), hash.data(), nullptr));
    begin();
    std::string text;
    text.reserve(2 * hash.size());
    for (const unsigned char byte : hash) {
      text += digits[byte >> 4U];
      text += digits[byte & 15U];
    }
    return text;
  }

 private:
  static void check(int result) {
    if (result != 1) throw std::runtime_error("OpenSSL does not compute SHA-256");
  }
  void begin() { check(EVP_DigestInit_ex(state_.get(), EVP_sha256(), nullptr)); }

  struct free {
    void operator()(EVP_MD_CTX* state) const noexcept { EVP_MD_CTX_free(state); }
  };
  std::unique_ptr<EVP_MD_CTX, free> state_{EVP_MD_CTX_new()};
};

} // namespace weir::detail
