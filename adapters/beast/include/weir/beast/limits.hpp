// Middleware that turns requests away before they cost anything, their bodies included: too many in a time, too many
// at a time.
#pragma once

#include "weir/beast/middleware.hpp"
#include "weir/http/token_bucket.hpp"

#include <cstddef>
#include <functional>
#include <string>

namespace weir {

/// The client's address, of IPv6 its first 64 bits, which is what one client is given: for limit_rate(). Behind
/// proxies it is the one that they tell, if the observer trusts them (observer_options::trusted_proxies), else
/// theirs. Thread-safe. Errors: throws std::bad_alloc.
std::string client_of(const http_request& request);

struct request_rate_options {
  /// For each client, or for all together.
  token_rate rate{};
  /// What tells clients apart: `client_of` (default), a header that a proxy of yours sets, a user's name. What
  /// callers choose freely limits nobody. An empty function: all requests share one bucket.
  std::function<std::string(const http_request&)> client = client_of;
  /// See client_buckets.
  std::size_t most_clients = 65'536;
};

/// Lets as many requests pass as the rate says. Others get 429 with Retry-After in whole seconds (RFC 6585 section 4,
/// RFC 9110 section 10.2.3), and are told as refused, for the reason overload. Errors: throws std::invalid_argument
/// naming what is out of range. Cost: see client_buckets; the client's name.
http_middleware limit_rate(request_rate_options options);

/// Lets `most` requests be under way at the same time, those whose bodies are still coming included. Others get 503
/// with `Retry-After: 1`, and are told as refused, for the reason overload: at once, as a queue would only make all
/// of them late. Errors: throws std::invalid_argument if `most` is 0. Cost: two atomic additions.
http_middleware limit_concurrency(unsigned most);

} // namespace weir
