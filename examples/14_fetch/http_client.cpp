#include "http_client.hpp"

#include <weir/asio/under.hpp>

#include <boost/asio/connect.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include <algorithm>
#include <stdexcept>

namespace asio = boost::asio;
namespace http = boost::beast::http;

http_url parse_url(std::string_view text) {
  constexpr std::string_view scheme = "http://";
  const auto refuse = [&] {
    throw std::invalid_argument("'" + std::string(text) + "' is not of the form http://host[:port]/path");
  };
  if (!text.starts_with(scheme)) refuse();
  const std::string_view rest = text.substr(scheme.size());
  const std::string_view authority = rest.substr(0, rest.find('/'));
  const auto colon = authority.rfind(':');
  http_url url{std::string(authority.substr(0, colon)), "80", std::string(rest.substr(authority.size()))};
  if (colon != authority.npos) url.port = authority.substr(colon + 1);
  if (url.host.empty() || url.port.empty() || url.target.empty() || text.find_first_of("?# \r\n") != text.npos)
    refuse();
  return url;
}

http_client::http_client(const asio::any_io_executor& executor, http_url url, std::chrono::milliseconds patience)
    : url_(std::move(url)), patience_(patience), socket_(executor) {}

asio::awaitable<void> http_client::connect(const weir::context& ctx) {
  socket_ = asio::ip::tcp::socket(socket_.get_executor());
  buffer_.clear();
  const auto step = weir::with_timeout(ctx, patience_);
  asio::ip::tcp::resolver resolver(socket_.get_executor());
  const auto found = co_await weir::under(step.ctx, resolver.async_resolve(url_.host, url_.port, asio::deferred));
  co_await weir::under(step.ctx, asio::async_connect(socket_, found, asio::deferred));
}

asio::awaitable<http_answer> http_client::get(const weir::context& ctx, std::string query, headers extra) {
  const bool usable = keep_alive_ && left_ == 0;
  keep_alive_ = false; // until this has gone well, too
  if (!usable) co_await connect(ctx);
  const auto step = weir::with_timeout(ctx, patience_);
  http::request<http::empty_body> request(http::verb::get, url_.target + query, 11);
  request.set(http::field::host, url_.host + ":" + url_.port);
  request.set(http::field::user_agent, "weir_fetch");
  for (const auto& [name, value] : extra) request.set(name, value);
  co_await weir::under(step.ctx, http::async_write(socket_, request, asio::deferred));

  http::response_parser<http::empty_body> parser;
  parser.body_limit(boost::none); // it is not held in memory
  co_await weir::under(step.ctx, http::async_read_header(socket_, buffer_, parser, asio::deferred));
  const auto& head = parser.get();
  if (!parser.content_length()) throw std::runtime_error("the server does not say how long its answer is");
  left_ = *parser.content_length();
  keep_alive_ = head.keep_alive();
  co_return http_answer{.status = head.result_int(),
                        .content_type = std::string(head[http::field::content_type]),
                        .content_range = std::string(head[http::field::content_range]),
                        .length = left_};
}

asio::awaitable<std::size_t> http_client::read(const weir::context& ctx, std::span<char> into) {
  into = into.first(static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), left_)));
  for (std::span<char> rest = into; !rest.empty();) {
    std::size_t bytes = asio::buffer_copy(asio::buffer(rest.data(), rest.size()), buffer_.data());
    buffer_.consume(bytes);
    if (bytes == 0) {
      const auto step = weir::with_timeout(ctx, patience_);
      auto some = socket_.async_read_some(asio::buffer(rest.data(), rest.size()), asio::deferred);
      bytes = co_await weir::under(step.ctx, std::move(some));
    }
    left_ -= bytes;
    rest = rest.subspan(bytes);
  }
  co_return into.size();
}
