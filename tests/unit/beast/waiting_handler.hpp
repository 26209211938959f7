// A handler that does nothing but wait for the end of its request.
#pragma once

#include "server_fixture.hpp"
#include "weir/asio/sleep.hpp"
#include "weir/context.hpp"

#include <future>

namespace weir_test {

/// A handler that waits for the end of its context, and the news of both ends of that.
struct waiting {
  weir::http_handler handler() {
    return [this](http_request& in, http_response& out) -> task {
      begun.set_value();
      co_await weir::until_done(in.ctx());
      reason.set_value(in.ctx().reason());
      out.body("nobody will read this\n");
    };
  }
  /// The reason, within ten seconds.
  weir::cancel_reason wait() {
    auto result = reason.get_future();
    return result.wait_for(10s) == std::future_status::ready ? result.get() : weir::cancel_reason::none;
  }
  void wait_until_begun() { begun.get_future().wait(); }

  std::promise<void> begun;
  std::promise<weir::cancel_reason> reason;
};

} // namespace weir_test
