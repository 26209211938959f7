// A made-up HTTP server of the blocking kind, for lib/docs/write_an_adapter.md: what an adapter finds.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tiny {

struct request {
  std::string method, target, body;
  std::vector<std::pair<std::string, std::string>> headers; // names in lower case
};

struct response {
  unsigned status = 200;
  std::string body;
};

/// What a connection tells of itself, each time on the thread that serves it.
class events {
 public:
  virtual ~events() = default;
  /// A request was read to its end; `route` is "" if there is none for it. Returns a status to answer with, or 0 for
  /// the handler to do so.
  virtual unsigned on_request(const request&, const std::string& /*route*/) { return 0; }
  virtual void on_exception(const char* /*what*/) {}              // out of the handler; 500 follows
  virtual void on_response(response&) {}                          // about to be sent; it may be changed
  virtual void on_sent(std::size_t /*of_body*/, int /*error*/) {} // as far as it went; 0 or an errno
};

using handler = std::function<void(const request&, response&)>;
using routes = std::vector<std::pair<std::string, handler>>; // by the target's beginning
using make_events = std::function<std::unique_ptr<events>(int socket)>;

/// Serves one connection, request by request, until its client goes. Closes nothing.
void serve(int socket, const routes& known, const make_events& make);

} // namespace tiny
