// One request and its response over a connection of the client's.
#pragma once

#include "client_connection.hpp"
#include "outgoing_request.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/system/error_code.hpp>

#include <cstdint>

namespace weir::detail {

struct response_limits {
  std::uint32_t header_bytes;
  std::uint64_t body_bytes;
};

/// What is said of a connection that its server has closed, while it was kept or has not taken all that it is sent.
bool is_stale(const boost::system::error_code& error) noexcept;

/// Sends a request, and reads its response at the same time. Thread safety: as the connection. Where it is
/// destroyed amid its run, which Asio does without memory, what is still being sent keeps request and connection.
class client_exchange {
 public:
  client_exchange(std::shared_ptr<client_connection> with, std::shared_ptr<const outgoing_request> request,
                  const response_limits& limits)
      : with_(std::move(with)), request_(std::move(request)), limits_(limits) {}

  /// Nothing is under way when it is over, in whichever way. Errors: boost::system::system_error.
  boost::asio::awaitable<client_response> run();
  /// Whether anything of a response came.
  bool has_begun() const noexcept { return has_begun_; }
  /// Whether the connection is fit for another exchange.
  bool leaves_open() const noexcept { return leaves_open_; }

 private:
  using response_message = boost::beast::http::response<boost::beast::http::string_body>;

  boost::asio::awaitable<response_message> read();

  const std::shared_ptr<client_connection> with_;
  const std::shared_ptr<const outgoing_request> request_;
  const response_limits limits_;
  bool has_begun_ = false;
  bool is_alone_ = false; // nothing came behind the response
  bool leaves_open_ = false;
};

} // namespace weir::detail
