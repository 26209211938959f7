#include "weir/beast/record_limit.hpp"

#include <openssl/bio.h>
#include <openssl/ssl.h>

namespace weir::detail {

record_limit::record_limit(ssl_st* of) noexcept : of_(of), from_(of != nullptr ? SSL_get_rbio(of) : nullptr) {
  if (from_ == nullptr) return;
  read_ahead_ = SSL_get_read_ahead(of_) != 0;
  SSL_set_read_ahead(of_, 0); // or one read takes in many records
  was_ = BIO_get_callback_ex(from_);
  argument_was_ = BIO_get_callback_arg(from_);
  BIO_set_callback_arg(from_, reinterpret_cast<char*>(this));
  BIO_set_callback_ex(from_, before_read);
}

record_limit::~record_limit() {
  if (from_ == nullptr) return;
  BIO_set_callback_ex(from_, was_);
  BIO_set_callback_arg(from_, argument_was_);
  SSL_set_read_ahead(of_, read_ahead_ ? 1 : 0);
}

long record_limit::before_read(bio_st* from, int operation, const char*, std::size_t, int, long, int result,
                               std::size_t*) {
  if (operation != BIO_CB_READ) return result;
  auto& limit = *reinterpret_cast<record_limit*>(BIO_get_callback_arg(from));
  if (limit.left_ > 0) {
    --limit.left_;
    return result;
  }
  limit.left_ = -1;
  // To be tried again, so that OpenSSL keeps what it has; but for a reason that Asio neither reads nor writes for.
  BIO_clear_retry_flags(from);
  BIO_set_retry_special(from);
  BIO_set_retry_reason(from, BIO_RR_CONNECT);
  return -1;
}

} // namespace weir::detail
