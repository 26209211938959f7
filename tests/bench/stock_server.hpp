// A Beast server as its owners have it before they know of weir, to see what weir's lines add to it.
#pragma once

#include <weir/http.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace bench {

/// The shape of Boost's own asynchronous examples: a session that is kept alive by the handlers of its operations, on
/// a strand of its own, which reads a request, answers it, and reads the next; tcp_stream's time-outs.
class stock_server {
 public:
  /// The body for a target, or nothing: 404.
  using handler = std::function<std::optional<std::string>(std::string_view target)>;

  /// `observer`: with weir's lines, or nullptr for without. Lifetime: outlives the server.
  stock_server(unsigned threads, handler answer, weir::request_observer* observer);

  unsigned port() const { return acceptor_.local_endpoint().port(); }
  /// Serves until stop(), on the calling thread and the others.
  void run();
  /// At once. Thread-safe.
  void stop() { io_.stop(); }

 private:
  void accept();

  const unsigned threads_;
  const handler answer_;
  weir::request_observer* const observer_;
  boost::asio::io_context io_;
  boost::asio::ip::tcp::acceptor acceptor_;
};

} // namespace bench
