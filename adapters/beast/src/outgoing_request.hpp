// A client's request as it is sent, and where to.
#pragma once

#include "http_url.hpp"
#include "weir/beast/client.hpp"
#include "weir/http/outgoing_call.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace weir::detail {

/// Errors: std::invalid_argument naming a method or a header that cannot be sent.
void check_sendable(const client_request& request);

/// With nothing of the caller's, as it goes to the client's thread.
struct outgoing_request {
  /// A checked request; its body is taken. `limited`: the call's context with the client's own time-out, whose time
  /// left is sent as `deadline_header`; empty: it is not.
  outgoing_request(client_request& request, const http_url& url, const outgoing_call& call,
                   std::string_view deadline_header, const context& limited);

  std::string head;
  std::string body;
  bool is_to_head;
  bool may_repeat; ///< cannot do anything twice: RFC 9110 section 9.2.2
  bool is_secure;
  std::string host;
  std::uint16_t port;
  std::string server; ///< "https://host:port", with the port in any case
};

} // namespace weir::detail
