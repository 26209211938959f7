// The least of an HTTP client: one connection, one request at a time, everything under a context.
#pragma once

#include <weir/context.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// `http://host[:port]/path`, taken apart.
struct http_url {
  std::string host, port, target;
};

/// Errors: throws std::invalid_argument naming a text of another form.
http_url parse_url(std::string_view text);

/// What is told about a body before it comes.
struct http_answer {
  unsigned status = 0;
  std::string content_type, content_range;
  std::uint64_t length = 0;
};

/// Every step may take `patience`; what fails, the end of the context included, throws a system error of Boost's or
/// the standard library's.
class http_client {
 public:
  http_client(const boost::asio::any_io_executor& executor, http_url url, std::chrono::milliseconds patience);

  using headers = std::vector<std::pair<std::string, std::string>>;

  /// Asks for the URL's target with `query` behind it. Connects if need be; what is left of the body before is lost.
  boost::asio::awaitable<http_answer> get(const weir::context& ctx, std::string query, headers extra);
  /// Fills `into` from the body; fewer bytes only at its end.
  boost::asio::awaitable<std::size_t> read(const weir::context& ctx, std::span<char> into);

 private:
  boost::asio::awaitable<void> connect(const weir::context& ctx);

  const http_url url_;
  const std::chrono::milliseconds patience_;
  boost::asio::ip::tcp::socket socket_;
  boost::beast::flat_buffer buffer_;
  std::uint64_t left_ = 0; // of the body
  bool keep_alive_ = false;
};
