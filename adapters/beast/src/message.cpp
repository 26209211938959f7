#include "weir/beast/message.hpp"

#include "any_case.hpp"
#include "content_fields.hpp"
#include "header_rules.hpp"
#include "heads.hpp"
#include "percent_escapes.hpp"
#include "session.hpp"

#include <algorithm>
#include <stdexcept>

namespace weir {

namespace http = boost::beast::http;

namespace {

using detail::to_beast;

void check_value(std::string_view name, std::string_view value) {
  if (!detail::is_field_value(value))
    throw std::invalid_argument("http_response: a control character in header " + std::string(name));
}

void check_header(std::string_view name, std::string_view value) {
  if (!detail::is_header_token(name))
    throw std::invalid_argument("http_response: '" + std::string(name) + "' is no header's name");
  check_value(name, value);
}

/// Where the body ends, and whether the connection goes on, is the session's to say. By length first, as it is asked
/// for every header.
bool is_sessions(std::string_view name) noexcept {
  switch (name.size()) {
  case 10:
    return detail::equals_in_any_case(name, "connection");
  case 14:
    return detail::equals_in_any_case(name, "content-length");
  case 17:
    return detail::equals_in_any_case(name, "transfer-encoding");
  default:
    return false;
  }
}

} // namespace

std::string_view http_request::method() const noexcept { return detail::to_view(message_.method_string()); }

std::string_view http_request::target() const noexcept { return detail::to_view(message_.target()); }

std::string_view http_request::path() const noexcept { return detail::path_of(target()); }

std::string_view http_request::header(std::string_view name) const noexcept {
  return detail::to_view(message_[to_beast(name)]);
}

bool http_request::has_header(std::string_view name) const noexcept {
  return message_.find(to_beast(name)) != message_.end();
}

std::optional<std::string> http_request::query(std::string_view name) const {
  std::string_view rest = target();
  const auto mark = rest.find('?');
  if (mark == rest.npos) return std::nullopt;
  rest.remove_prefix(mark + 1);
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const auto equals = pair.find('=');
    if (detail::decode_query_part(pair.substr(0, equals)) == name)
      return detail::decode_query_part(equals == pair.npos ? std::string_view() : pair.substr(equals + 1));
  }
  return std::nullopt;
}

http_request http_request::copy() const {
  http_request own(*this);
  own.ctx_ = without_cancel(ctx_);
  own.observed_ = nullptr;
  own.slot_ = nullptr;
  own.session_ = nullptr;
  return own;
}

boost::asio::awaitable<bool> http_request::receive_body() {
  if (has_body_ || session_ == nullptr) co_return has_body_;
  co_return co_await session_->receive_body();
}

void http_request::set_ctx(context ctx) {
  ctx_ = std::move(ctx);
  if (slot_ != nullptr) slot_->set(ctx_);
  if (observed_ != nullptr) observed_->handler_works_under(ctx_);
}

http_response& http_response::status(unsigned code) {
  if (code < 200 || code > 999) throw std::invalid_argument("http_response: status " + std::to_string(code));
  message_.result(code);
  return *this;
}

unsigned http_response::status() const noexcept { return message_.result_int(); }

http_response& http_response::header(std::string_view name, std::string_view value) {
  check_header(name, value);
  if (!is_sessions(name)) message_.set(to_beast(name), to_beast(value));
  return *this;
}

http_response& http_response::add_header(std::string_view name, std::string_view value) {
  check_header(name, value);
  if (!is_sessions(name)) message_.insert(to_beast(name), to_beast(value));
  return *this;
}

http_response& http_response::body(std::string text, std::string_view content_type) {
  check_value("Content-Type", content_type);
  message_.body() = std::move(text);
  // By number: Beast would look a name up.
  message_.set(http::field::content_type, to_beast(content_type));
  return *this;
}

http_response& http_response::clear() {
  if (!started_) message_ = {};
  return *this;
}

http_response& http_response::clear_content() {
  if (started_) return *this;
  message_.result(http::status::ok);
  message_.body().clear();
  detail::erase_content_fields(message_);
  return *this;
}

http_response& http_response::error(unsigned code, std::string_view text) {
  return status(code).body(std::to_string(code) + " " + std::string(text) + "\n");
}

boost::asio::awaitable<std::error_code> http_response::start(std::uint64_t content_length) {
  return session_->start_streaming(*this, content_length);
}

boost::asio::awaitable<std::error_code> http_response::start() {
  return session_->start_streaming(*this, std::nullopt);
}

boost::asio::awaitable<std::error_code> http_response::write(boost::asio::const_buffer part) {
  return session_->write_part(*this, part);
}

} // namespace weir
