// From Beast's message headers to the exchange's views.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace weir::detail {

inline std::string_view to_view(boost::beast::string_view text) noexcept { return {text.data(), text.size()}; }

/// All values of `traceparent` and `tracestate`: how many there are matters. More than a few are as bad as none.
class trace_headers {
 public:
  explicit trace_headers(const boost::beast::http::fields& headers) {
    collect(headers, "traceparent", parents_);
    // Without a parent the state is not looked at.
    if (parents_.count != 0) collect(headers, "tracestate", states_);
  }
  std::span<const std::string_view> traceparents() const noexcept { return parents_.view(); }
  std::span<const std::string_view> tracestates() const noexcept { return states_.view(); }

 private:
  struct values {
    std::array<std::string_view, 8> at{};
    std::size_t count = 0;
    std::span<const std::string_view> view() const noexcept { return {at.data(), count}; }
  };
  static void collect(const boost::beast::http::fields& headers, const char* name, values& into) {
    const auto [first, last] = headers.equal_range(name);
    for (auto i = first; i != last && into.count < into.at.size(); ++i) into.at[into.count++] = to_view(i->value());
  }
  values parents_, states_;
};

/// The peer's address without its port, or "" if it has gone already.
inline std::string peer_text(const boost::asio::ip::tcp::socket& socket) {
  boost::system::error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  return error ? std::string() : endpoint.address().to_string();
}

} // namespace weir::detail
