#include "weir/beast/request_scope.hpp"

#include "heads.hpp"

#include <boost/asio/error.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/error.hpp>

namespace weir {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

request_scope::request_scope(request_observer& observer, stream& connection, client_watch_options options)
    : connection_(connection),
      exchange_(observer),
      watch_(connection.get_executor(), options),
      peer_(detail::peer_text(connection.socket())) {}

void request_scope::begin(const http::request_header<fields>& request, std::uint64_t bytes_of_body,
                          std::chrono::steady_clock::time_point received) {
  watch_.stop();
  request_headers headers(exchange_.observer());
  detail::take_all(headers, request);
  exchange_.begin({.method = detail::to_view(request.method_string()),
                   .target = detail::to_view(request.target()),
                   .peer = peer_,
                   .version = request.version(),
                   .headers = &headers,
                   .received = received});
  exchange_.add_request_bytes(bytes_of_body);
  if (!exchange_.expired_on_arrival()) exchange_.handler_started();
  watch_.start(connection_.socket().native_handle(), exchange_);
}

bool request_scope::refuse_if_expired() noexcept {
  if (!exchange_.expired_on_arrival()) return false;
  exchange_.refused(cancel_reason::deadline);
  return true;
}

void request_scope::identify(http::response_header<fields>& response) const {
  detail::set_request_id(response, exchange_.facts().request_id);
}

void request_scope::responding(const http::response_header<fields>& response) noexcept {
  exchange_.handler_returned();
  exchange_.response_started(response.result_int());
}

void request_scope::finish(const boost::system::error_code& error, std::uint64_t bytes_of_body) noexcept {
  watch_.stop();
  exchange_.add_response_bytes(bytes_of_body);
  if (error)
    exchange_.cancel(reason_of(error));
  else
    exchange_.response_completed();
  exchange_.finish();
}

cancel_reason reason_of(const boost::system::error_code& error) noexcept {
  if (error == asio::error::eof || error == http::error::end_of_stream || error == http::error::partial_message)
    return cancel_reason::client_closed;
  if (error == beast::error::timeout) return cancel_reason::timeout;
  if (error == asio::error::operation_aborted) return cancel_reason::application;
  return cancel_reason::client_reset;
}

} // namespace weir
