// One connection of the small server.
#pragma once

#include "weir/asio/ambient_executor.hpp"
#include "weir/asio/post_on_done.hpp"
#include "weir/beast/server.hpp"
#include "weir/context.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
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

/// Reads a request, runs the chain, sees that a response goes out, and begins again. Everything happens on the thread
/// of its io_context; its coroutine runs under ambient_slot, so that whatever is logged in it carries the request's
/// ids.
class session : public std::enable_shared_from_this<session> {
 public:
  session(boost::asio::ip::tcp::socket socket, const server_setup& setup, session_list& list);
  ~session();
  session(const session&) = delete;
  session& operator=(const session&) = delete;

  void start();
  /// No further request is begun; a connection that waits for one is closed.
  void wind_down();
  /// The request under way is cancelled as well, and its connection closed.
  void cut_off();

  // For http_response.
  boost::asio::awaitable<std::error_code> start_streaming(http_response& response,
                                                          std::optional<std::uint64_t> content_length);
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
  boost::asio::awaitable<bool> end_stream(bool keep_alive);
  boost::asio::awaitable<bool> send_whole(bool keep_alive);
  boost::asio::awaitable<error_code> send(http_response::message_type& message);
  boost::asio::awaitable<void> reject(const parser& incoming, unsigned status, std::string_view why);
  boost::asio::awaitable<void> close_gently();

  boost::asio::awaitable<bool> refuse_expired(parser& incoming);

  bool is_late() const noexcept;
  void note_lateness() noexcept;
  void give_up(std::string_view what);
  void begin_exchange(const parser& incoming);
  void finish_exchange() noexcept;
  void identify(boost::beast::http::fields& response) const;
  void note_failed_write(const error_code& error) noexcept;
  const context& ctx() const noexcept { return exchange_ ? exchange_->ctx() : unobserved_.ctx; }
  /// nullptr in a server that observes nothing.
  const ambient_slot* slot() const noexcept { return exchange_ ? slot_.get() : nullptr; }
  bool is_head() const noexcept { return request_.message_.method() == boost::beast::http::verb::head; }

  /// Ends a write of the request that was under way when its context ended.
  struct interrupt {
    std::weak_ptr<session> target;
    std::uint64_t round;
    void operator()() const;
  };

  const server_setup& setup_;
  session_list& list_;
  boost::beast::tcp_stream stream_;
  boost::beast::flat_buffer buffer_;
  // Shared with the coroutine's executor, of which what the coroutine started may keep copies.
  const std::shared_ptr<ambient_slot> slot_ = std::make_shared<ambient_slot>();
  std::optional<exchange> exchange_;
  std::optional<client_watch> watch_;
  cancellable unobserved_; // without an observer: ends at shutdown
  std::string peer_;

  // Of the request under way.
  http_request request_;
  std::optional<http_response> response_;
  router::match match_;
  std::optional<post_on_done<boost::asio::any_io_executor, interrupt>> interrupt_;
  std::uint64_t round_ = 0; // which request this is
  bool came_whole_ = false; // with its header: there was no body to wait for
  bool under_way_ = false;
  bool winding_down_ = false;
};

} // namespace weir::detail
