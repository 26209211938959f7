// One connection of the small server.
#pragma once

#include "weir/asio/ambient_executor.hpp"
#include "weir/beast/server.hpp"
#include "weir/context.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

namespace weir::detail {

/// What all sessions of a server read; constant while it runs.
struct server_setup {
  server_options options;
  router routes;
  std::vector<http_middleware> middleware;
};

class session;

/// The sessions of one thread; touched on that thread only.
struct session_list {
  std::unordered_set<session*> all;
  bool stopping = false;
  std::function<void()> on_empty;
};

/// Reads a request, runs the chain, sees that a response goes out, and begins again. Everything happens on the thread of
/// its io_context; its coroutine runs under ambient_slot, so that whatever is logged in it carries the request's ids.
class session : public std::enable_shared_from_this<session> {
 public:
  session(boost::asio::ip::tcp::socket socket, const server_setup& setup, session_list& list);
  ~session();
  session(const session&) = delete;
  session& operator=(const session&) = delete;

  void start();
  /// No further request is begun; a connection that waits for one is closed.
  void wind_down();
  /// The request under way is cancelled as well.
  void cut_off();

  // For http_response.
  boost::asio::awaitable<std::error_code> start_streaming(http_response& response, std::uint64_t content_length);
  boost::asio::awaitable<std::error_code> write_part(http_response& response, boost::asio::const_buffer part);

 private:
  using parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  using error_code = boost::system::error_code;

  boost::asio::awaitable<void> run();
  boost::asio::awaitable<bool> serve_one();
  boost::asio::awaitable<error_code> read_body(parser& incoming);
  boost::asio::awaitable<void> handle();
  boost::asio::awaitable<void> run_chain(std::size_t index);
  boost::asio::awaitable<bool> conclude(bool keep_alive);
  boost::asio::awaitable<bool> send_whole(bool keep_alive);
  boost::asio::awaitable<void> reject(const parser& incoming, const error_code& why);
  boost::asio::awaitable<void> close_gently();

  void begin_exchange(const parser& incoming);
  void finish_exchange() noexcept;
  void note_failed_write(const error_code& error) noexcept;
  bool is_head() const noexcept { return request_.message_.method() == boost::beast::http::verb::head; }

  const server_setup& setup_;
  session_list& list_;
  boost::beast::tcp_stream stream_;
  boost::beast::flat_buffer buffer_;
  ambient_slot slot_;
  std::optional<exchange> exchange_;
  std::optional<client_watch> watch_;
  std::string peer_;

  // Of the request under way.
  http_request request_;
  std::optional<http_response> response_;
  router::match match_;
  done_registration interrupt_;  // ends a write when the context ends
  bool under_way_ = false;
  bool winding_down_ = false;
};

}  // namespace weir::detail
