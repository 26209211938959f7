// A request's headers, offered to an exchange as an adapter does it.
#pragma once

#include "weir/http.hpp"

#include <string_view>
#include <utility>
#include <vector>

namespace weir_test {

using sent = std::vector<std::pair<std::string_view, std::string_view>>;

/// Begins a request with these headers.
inline void begin_with(weir::exchange& exchange, const sent& headers, weir::request_head head = {}) {
  weir::request_headers read(exchange.observer());
  for (const auto& [name, value] : headers) read.take(name, value);
  if (head.method.empty()) head.method = "GET";
  if (head.target.empty()) head.target = "/";
  head.headers = &read;
  exchange.begin(head);
}

inline void complete(weir::exchange& exchange) {
  exchange.handler_started();
  exchange.response_started(200);
  exchange.response_completed();
  exchange.finish();
}

} // namespace weir_test
