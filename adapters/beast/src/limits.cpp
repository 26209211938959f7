#include "weir/beast/limits.hpp"

#include <boost/asio/ip/address_v6.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace weir {

namespace {

namespace asio = boost::asio;

void turn_away(http_request& request, http_response& response, unsigned status, std::string_view text,
               std::chrono::seconds retry_after) {
  if (exchange* const observed = request.observed()) observed->refused(cancel_reason::overload);
  response.error(status, text).header("Retry-After", std::to_string(retry_after.count()));
}

/// The time until a request may pass; zero if it may.
class request_rate {
 public:
  explicit request_rate(request_rate_options options)
      : client_(std::move(options.client)), of_all_(options.rate), of_each_(options.rate, options.most_clients) {}

  std::chrono::nanoseconds take(const http_request& request) {
    return client_ ? of_each_.take(client_(request)) : of_all_.take();
  }

 private:
  const std::function<std::string(const http_request&)> client_;
  token_bucket of_all_;
  client_buckets of_each_;
};

/// Counts a request for as long as it is under way, whichever way it ends.
class place {
 public:
  explicit place(std::atomic<unsigned>& taken) noexcept
      // relaxed, here and below: a count, which orders nothing.
      : taken_(taken), number_(taken.fetch_add(1, std::memory_order_relaxed) + 1) {}
  place(const place&) = delete;
  place& operator=(const place&) = delete;
  // relaxed: as above.
  ~place() { taken_.fetch_sub(1, std::memory_order_relaxed); }

  /// From 1.
  unsigned number() const noexcept { return number_; }

 private:
  std::atomic<unsigned>& taken_;
  const unsigned number_;
};

} // namespace

std::string client_of(const http_request& request) {
  const exchange* const observed = request.observed();
  const std::string_view client = observed != nullptr ? observed->facts().peer : request.peer();
  boost::system::error_code not_v6;
  const auto address = asio::ip::make_address_v6(client, not_v6);
  if (not_v6 || address.is_v4_mapped()) return std::string(client); // the latter as a proxy may write it
  auto bytes = address.to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), static_cast<unsigned char>(0));
  return asio::ip::address_v6(bytes).to_string();
}

http_middleware limit_rate(request_rate_options options) {
  const auto rate = std::make_shared<request_rate>(std::move(options));
  return [rate](http_request& request, http_response& response, next_handler next) -> asio::awaitable<void> {
    const auto missing = rate->take(request);
    if (missing.count() == 0) {
      co_await next();
      co_return;
    }
    turn_away(request, response, 429, "too many requests", std::chrono::ceil<std::chrono::seconds>(missing));
  };
}

http_middleware limit_concurrency(unsigned most) {
  if (most == 0) throw std::invalid_argument("limit_concurrency: 0 requests at a time are none");
  const auto taken = std::make_shared<std::atomic<unsigned>>(0);
  return [taken, most](http_request& request, http_response& response, next_handler next) -> asio::awaitable<void> {
    const place own(*taken);
    if (own.number() <= most) {
      co_await next();
      co_return;
    }
    turn_away(request, response, 503, "too many requests at a time", std::chrono::seconds(1));
  };
}

} // namespace weir
