// Several requests of one connection under way at once: the watch tells all of them, and a session that queues its
// responses has a scope for each.
#include "weir/beast/request_scope.hpp"

#include "http/observed.hpp"
#include "raw_client.hpp"
#include "watching.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core/buffers_generator.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <deque>
#include <initializer_list>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <unistd.h>

using namespace std::chrono_literals;
using weir::cancel_reason;
using weir_test::is_armed;
using weir_test::json_member;
using weir_test::run_until;
namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

constexpr weir::client_watch_options watch_soon{.arm_after = 1ms};

/// A connection, and its requests under way.
struct busy_connection {
  explicit busy_connection(asio::io_context& io)
      : context(io), client(listener.connect()), server(listener.accept()) {}

  struct request {
    explicit request(busy_connection& of) : exchange(of.by.observer), watch(of.context.get_executor(), watch_soon) {
      exchange.begin({.method = "GET", .target = "/"});
      watch.start(of.server.get(), exchange, nullptr, &of);
    }
    bool done() const { return exchange.ctx().done(); }

    weir::exchange exchange;
    weir::client_watch watch;
  };
  request& begin() { return requests.emplace_back(*this); }

  asio::io_context& context;
  weir_test::observed by;
  weir_test::raw_listener listener;
  weir_test::raw_socket client, server;
  std::list<request> requests;
};

/// All that was begun before is watched when this returns.
void let_arm(asio::io_context& io) {
  busy_connection last(io);
  last.begin();
  REQUIRE(run_until(io, [&] { return is_armed(last.server.get()); }));
}

} // namespace

// The later one used to take the place of the one before, and to take the connection out of the set when it was over.
TEST_CASE("watch: all requests of a connection learn that its client has gone", "[beast][watch]") {
  asio::io_context io;
  busy_connection connection(io);
  auto& first = connection.begin();
  auto& second = connection.begin();
  auto& third = connection.begin();
  let_arm(io);

  SECTION("those that are left, whichever is over") {
    const int over = GENERATE(0, 1, 2);
    auto& ended = over == 0 ? first : over == 1 ? second : third;
    ended.watch.stop();
    CHECK(is_armed(connection.server.get()));
    connection.client.close();
    CHECK(run_until(io, [&] {
      return (&ended == &first || first.done()) && (&ended == &second || second.done()) &&
             (&ended == &third || third.done());
    }));
    CHECK_FALSE(ended.done());
  }
  SECTION("one that begins after that") {
    connection.client.close();
    REQUIRE(run_until(io, [&] { return first.done() && second.done() && third.done(); }));
    auto& late = connection.begin();
    CHECK(run_until(io, [&] { return late.done(); }));
  }
  SECTION("and the watch ends with the last") {
    first.watch.stop();
    third.watch.stop();
    CHECK(is_armed(connection.server.get()));
    second.watch.stop();
    CHECK_FALSE(is_armed(connection.server.get()));
    io.restart();
    io.run();
  }
}

TEST_CASE("watch: a connection with the number of one that had several requests under way has its own",
          "[beast][watch]") {
  asio::io_context io;
  busy_connection before(io), after(io);
  auto& first = before.begin();
  auto& second = before.begin();
  let_arm(io);
  const int number = before.server.get();
  before.server.close();
  REQUIRE(::dup2(after.server.get(), number) == number);
  const weir_test::raw_socket reused(number);

  weir::client_watch watch(io.get_executor(), watch_soon);
  weir::exchange exchange(after.by.observer);
  exchange.begin({.method = "GET", .target = "/"});
  // At the same place in memory, too, as the next session may be.
  watch.start(number, exchange, nullptr, GENERATE(0, 1) == 0 ? &before : &after);
  let_arm(io);
  first.watch.stop();
  CHECK(is_armed(number));
  after.client.close();
  CHECK(run_until(io, [&] { return exchange.ctx().done(); }));
  CHECK_FALSE(second.done());
}

TEST_CASE("watch: several requests each of connections on several threads are watched without a race",
          "[beast][watch][concurrent]") {
  weir_test::observed by;
  asio::io_context io;
  constexpr int connections = 8, rounds = 30, at_once = 3;
  std::atomic<int> over{0};

  /// In each round all begin, and the first ends on its own, while the client goes.
  struct connection : std::enable_shared_from_this<connection> {
    connection(asio::io_context& context, weir::request_observer& observer) : strand(asio::make_strand(context)) {
      for (int i = 0; i < at_once; ++i) {
        exchanges.push_back(std::make_unique<weir::exchange>(observer));
        watches.push_back(std::make_unique<weir::client_watch>(strand, watch_soon));
      }
    }
    void next(int left, std::atomic<int>& ended) {
      for (auto& each : watches) each->stop();
      for (auto& each : exchanges) each->finish();
      if (left == 0) {
        ++ended;
        return;
      }
      client.emplace(listener.connect());
      server.emplace(listener.accept());
      waiting = at_once - 1;
      for (std::size_t i = 0; i < at_once; ++i) {
        exchanges[i]->begin({.method = "GET", .target = "/"});
        watches[i]->start(server->get(), *exchanges[i], nullptr, this);
        if (i == 0) continue;
        gone[i] = exchanges[i]->ctx().on_done([self = weak_from_this(), left, &ended] {
          if (const auto alive = self.lock())
            asio::post(alive->strand, [alive, left, &ended] {
              alive->watches[0]->stop();
              if (--alive->waiting == 0) alive->next(left - 1, ended);
            });
        });
      }
      client->shutdown_send();
    }

    asio::strand<asio::io_context::executor_type> strand;
    weir_test::raw_listener listener;
    std::optional<weir_test::raw_socket> client, server;
    std::vector<std::unique_ptr<weir::exchange>> exchanges;
    std::vector<std::unique_ptr<weir::client_watch>> watches;
    weir::done_registration gone[at_once];
    int waiting = 0;
  };
  std::vector<std::shared_ptr<connection>> all;
  for (int i = 0; i < connections; ++i) {
    all.push_back(std::make_shared<connection>(io, by.observer));
    asio::post(all.back()->strand, [each = all.back(), &over] { each->next(rounds, over); });
  }
  {
    const std::jthread one([&] { io.run(); });
    const std::jthread two([&] { io.run(); });
  }
  CHECK(over == connections);
  CHECK(by.cancelled({{"reason", "client_closed"}}) >= connections * rounds * (at_once - 1));
  all.clear();
}

namespace {

/// As Beast's advanced_server_flex, reads on while responses wait for their turn to be written.
class queueing_session : public std::enable_shared_from_this<queueing_session> {
 public:
  queueing_session(asio::ip::tcp::socket socket, weir::request_observer& observer)
      : requests(observer), stream_(std::move(socket)) {}

  void read() {
    request_ = {};
    http::async_read(stream_, buffer_, request_,
                     [self = shared_from_this()](boost::system::error_code error, std::size_t) {
                       if (!error) self->handle();
                     });
  }

 private:
  struct work {
    asio::steady_timer held;
    std::optional<http::message_generator> response;
  };

  void handle() {
    auto& scope = scopes_.emplace_back(requests, stream_); // weir
    scope.begin(request_, request_.body().size());         // weir
    auto& added = queue_.emplace_back(work{asio::steady_timer(stream_.get_executor(), 1h), std::nullopt});
    if (request_.target() == "/held")
      added.held.async_wait(asio::bind_cancellation_slot(
          scope.slot(), [self = shared_from_this(), &added, &scope](boost::system::error_code) {
            if (scope.ctx().done()) return scope.finish(asio::error::operation_aborted);
            added.response.emplace(make_response(200));
            if (!self->is_writing_) self->write();
          }));
    else
      added.response.emplace(make_response(404));
    if (request_.target() == "/release")
      for (auto& each : queue_) each.held.cancel();
    if (!is_writing_) write();
    read();
  }

  static http::message_generator make_response(unsigned status) {
    http::response<http::string_body> response(static_cast<http::status>(status), 11);
    response.body() = std::string(status, 'x');
    response.prepare_payload();
    return response;
  }

  void write() {
    is_writing_ = !queue_.empty() && queue_.front().response;
    if (!is_writing_) return;
    http::message_generator response = std::move(*queue_.front().response);
    scopes_.front().responding(response); // weir
    boost::beast::async_write(stream_, std::move(response),
                              [self = shared_from_this()](boost::system::error_code error, std::size_t bytes) {
                                self->scopes_.front().finish(error, bytes); // weir
                                self->scopes_.pop_front();                  // weir
                                self->queue_.pop_front();
                                if (!error) self->write();
                              });
  }

  weir::request_observer& requests;
  boost::beast::tcp_stream stream_;
  std::list<weir::request_scope> scopes_; // weir: one for each request under way, as none can be moved
  std::deque<work> queue_;
  bool is_writing_ = false;
  boost::beast::flat_buffer buffer_;
  http::request<http::string_body> request_;
};

/// Such a session's client.
struct queueing_client {
  explicit queueing_client(asio::io_context& io) : client(listener.port()) {
    asio::ip::tcp::socket socket(io, asio::ip::tcp::v4(), ::dup(listener.accept().get()));
    std::make_shared<queueing_session>(std::move(socket), by.observer)->read();
  }
  void send(std::initializer_list<const char*> targets) {
    for (const char* each : targets) client.send(std::string("GET ") + each + " HTTP/1.1\r\nHost: test\r\n\r\n");
  }

  weir_test::observed by;
  weir_test::raw_listener listener;
  weir_test::raw_client client;
};

} // namespace

TEST_CASE("scope: requests that wait for each other's responses each have their own outcome and bytes", "[beast]") {
  asio::io_context io;
  queueing_client asking(io);
  asking.send({"/held", "/quick", "/held", "/release"});
  REQUIRE(run_until(io, [&] { return asking.by.finished() == 4; }));
  for (const unsigned status : {200U, 404U, 200U, 404U}) CHECK(asking.client.read().body.size() == status);
  const auto access = asking.by.access_lines();
  REQUIRE(access.size() == 4);
  for (std::size_t i = 0; i < 4; ++i) {
    const std::string status = i % 2 == 0 ? "200" : "404";
    CHECK(json_member(access[i], "outcome") == "completed");
    CHECK(json_member(access[i], "http.response.status_code") == status);
    CHECK(json_member(access[i], "http.response.body.size") == status);
  }
  CHECK(json_member(access[3], "message") == "GET /release 404");
  CHECK(asking.by.active() == 0);
}

TEST_CASE("scope: of a queue of requests all are over when their client leaves, and nothing of those before",
          "[beast]") {
  asio::io_context io;
  queueing_client asking(io);
  asking.send({"/quick", "/held", "/quick", "/held"});
  REQUIRE(run_until(io, [&] { return asking.by.finished() == 1; }));
  CHECK(asking.client.read().status == 404);
  asking.client.close();
  REQUIRE(run_until(io, [&] { return asking.by.finished() == 4; }));
  CHECK(asking.by.cancelled({{"reason", "client_closed"}, {"phase", "handler"}}) == 3);
  CHECK(asking.by.finished({{"http_response_status_code", "404"}}) == 1);
  CHECK(asking.by.active() == 0);
  io.restart();
  io.run();
}
