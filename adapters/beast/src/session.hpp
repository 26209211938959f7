// One connection of the small server.
#pragma once

#include "connection.hpp"
#include "early_answer.hpp"
#include "header_flaw.hpp"
#include "weir/asio/ambient_executor.hpp"
#include "weir/asio/post_on_done.hpp"
#include "weir/beast/route_limits.hpp"
#include "weir/beast/server.hpp"
#include "weir/context.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

namespace weir::detail {

/// What all sessions of a server read; constant while it runs.
struct server_setup {
  server_options options;
  route_limits limits; // the options', for what has none of its own
  router routes;
  std::vector<http_middleware> middleware;
};

class session;

/// The sessions of one thread; touched on that thread only.
struct session_list {
  std::unordered_set<session*> all;
  bool stopping = false;
  std::function<void()> on_empty;

  /// Visits those that are there now. A visit may end any of them: each is kept until it has been visited.
  template <class Visit>
  void for_each(Visit visit);
};

/// Reads a request, runs the chain, sees that a response goes out, and begins again. Everything happens on the thread
/// of its io_context; its coroutine runs under ambient_slot, so that whatever is logged in it carries the request's
/// ids.
class session : public std::enable_shared_from_this<session> {
 public:
  /// `peer`: the client's address as text.
  session(server_socket socket, std::string peer, const server_setup& setup, session_list& list);
  ~session();
  session(const session&) = delete;
  session& operator=(const session&) = delete;

  void start();
  /// What has been read of requests is served, or refused where it is not whole; a connection that waits for one is
  /// closed.
  void wind_down();
  /// The request under way is cancelled as well, and its connection closed.
  void cut_off();

  /// For early_answer: `over` has ended, perhaps as its time was over; the handler may go on for as long as it likes.
  void answer_early(const context& over, std::string_view body);
  boost::asio::any_io_executor executor() { return connection_.executor(); }

  // For http_request.
  boost::asio::awaitable<bool> receive_body();

  // For http_response.
  boost::asio::awaitable<std::error_code> start_streaming(http_response& response,
                                                          std::optional<std::uint64_t> content_length);
  boost::asio::awaitable<std::error_code> write_part(http_response& response, boost::asio::const_buffer part);

 private:
  using parser = connection::parser;
  using error_code = boost::system::error_code;

  boost::asio::awaitable<void> run();
  bool begin_request(parser& incoming, error_code& error, header_flaw& flaw);
  unsigned note_unreadable(const error_code& error, header_flaw flaw);
  boost::asio::awaitable<void> reject(unsigned status);
  static void fill_rejection(http_response::message_type& answer, unsigned status);
  boost::asio::awaitable<bool> refuse_expired();
  bool may_keep_alive() const;
  boost::asio::awaitable<void> handle();
  boost::asio::awaitable<void> receive_and_handle();
  boost::asio::awaitable<void> run_chain(std::size_t index);
  boost::asio::awaitable<void> answer_unrouted();
  void note_thrown(const std::exception_ptr& thrown);
  std::optional<bool> conclude_at_once(bool keep_alive);
  boost::asio::awaitable<bool> conclude(bool keep_alive);
  boost::asio::awaitable<bool> end_stream(bool keep_alive);
  bool ends_with_connection(const http_response& response) const noexcept;
  boost::asio::awaitable<bool> send_whole(bool keep_alive);
  void prepare(http_response::message_type& message, bool keep_alive) const;
  void begin_whole(bool keep_alive);
  bool end_whole(const error_code& error, bool keep_alive) noexcept;
  boost::asio::awaitable<void> send_early();
  void end_early(const std::exception_ptr& failure) noexcept;
  boost::asio::awaitable<void> await_early();

  /// Whether there may be another request: while it winds down, what has been read of one.
  bool goes_on() const noexcept { return !winding_down_ || (!cut_off_ && connection_.has_unread()); }
  bool is_late() const noexcept;
  void give_up(const std::exception_ptr& thrown);
  void find_route(const parser& incoming);
  void begin_exchange(const parser& incoming);
  void finish_exchange() noexcept;
  void interrupt_at_end_of(const context& ctx);
  void complete_header(boost::beast::http::fields& response) const;
  void note_failed_write(const error_code& error) noexcept;
  const context& ctx() const noexcept { return exchange_ ? exchange_->ctx() : unobserved_.ctx; }
  /// nullptr in a server that observes nothing.
  const ambient_slot* slot() const noexcept { return exchange_ ? slot_.get() : nullptr; }
  bool is_head() const noexcept { return request_.message_.method() == boost::beast::http::verb::head; }

  /// Ends a read or a write of the request that was under way when its context ended.
  struct interrupt {
    std::weak_ptr<session> target;
    std::uint64_t round;
    void operator()() const;
  };

  /// An answer on its way while the handler goes on.
  struct early_sending {
    explicit early_sending(const boost::asio::any_io_executor& executor)
        : over(executor, boost::asio::steady_timer::time_point::max()) {}
    http_response::message_type message;
    boost::asio::steady_timer over; // cancelled when it is
    bool is_over = false;
  };
  friend session_list;

  const server_setup& setup_;
  session_list& list_;
  std::shared_ptr<session> next_; // the one that list_.for_each() visits after this
  // Shared with the coroutine's executor, of which what the coroutine started may keep copies.
  const std::shared_ptr<ambient_slot> slot_ = std::make_shared<ambient_slot>();
  connection connection_;
  std::optional<exchange> exchange_;
  std::optional<client_watch> watch_;
  cancellable unobserved_; // without an observer: ends at shutdown
  std::string peer_;

  // Of the request under way.
  std::optional<parser> incoming_; // not in a coroutine's frame, which would be too large to be used again
  http_request request_;
  std::optional<http_response> response_;
  router::match match_;
  const route_limits* limits_;
  std::optional<early_answer> when_late_; // of who has had a request with a deadline
  std::unique_ptr<early_sending> early_;  // or null
  std::optional<post_on_done<boost::asio::any_io_executor, interrupt>> interrupt_;
  std::uint64_t round_ = 0; // which request this is
  /// Of the request: all of it is here; it is to come; nothing more is to be had of it, and the client is to be told;
  /// or nobody is there who could be.
  enum class body_state : std::uint8_t { whole, unread, lost, deserted } body_ = body_state::whole;
  bool receives_ = false; // is waiting for it
  bool whole_ = false;    // a response that was not streamed is on its way
  bool under_way_ = false;
  bool winding_down_ = false;
  bool cut_off_ = false;
  bool lingers_ = false; // the client may still be sending when the connection ends
};

template <class Visit>
void session_list::for_each(Visit visit) {
  // Chained through the sessions: for a copy of the set there might be no memory, and then nothing would stop.
  std::shared_ptr<session> next;
  for (session* each : all) {
    each->next_ = std::move(next);
    next = each->shared_from_this();
  }
  while (next) {
    const std::shared_ptr<session> visited = std::exchange(next, nullptr);
    next = std::move(visited->next_);
    visit(*visited);
  }
}

} // namespace weir::detail
