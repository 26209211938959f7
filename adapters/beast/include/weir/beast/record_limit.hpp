// A bound to what one read through TLS takes of its peer.
#pragma once

#include <cstddef>

struct bio_st; // OpenSSL's BIO
struct ssl_st; // and SSL

namespace weir::detail {

/// While it lives, OpenSSL takes `most_records` of a connection's records at most, and then gives the read up, which
/// fails with an error of no meaning: what was not taken stays for the next read. Without it a read on a socket that
/// does not wait goes on for as long as records without data come, such as key updates (RFC 8446 section 4.6.3),
/// of which a client can send more than a server can work off. A callback of the program's on OpenSSL's BIO is not
/// called meanwhile. Thread safety: as the connection.
class record_limit {
 public:
  static constexpr int most_records = 32;

  /// nullptr: no limit.
  explicit record_limit(ssl_st* of) noexcept;
  record_limit(const record_limit&) = delete;
  record_limit& operator=(const record_limit&) = delete;
  ~record_limit();

  bool was_reached() const noexcept { return left_ < 0; }

 private:
  using callback = long (*)(bio_st*, int, const char*, std::size_t, int, long, int, std::size_t*);

  static long before_read(bio_st* from, int operation, const char* data, std::size_t size, int number, long extra,
                          int result, std::size_t* processed);

  ssl_st* const of_;
  bio_st* const from_;
  int left_ = 2 * most_records; // OpenSSL reads a record's head, then what is behind that, unless it reads ahead
  bool read_ahead_ = false;
  callback was_ = nullptr;
  char* argument_was_ = nullptr;
};

} // namespace weir::detail
