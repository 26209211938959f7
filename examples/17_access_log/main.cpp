// The access log in four forms, with what it keeps of a request and what it does not.
//
//   build/release/examples/17_access_log
//
// You will see three requests, each as JSON, as a line of the Combined Log Format, as logfmt and in a form of its
// own. The first is ordinary. The second carries a token in its query and one in a header: neither gets into the log.
// The third was answered with 500, and is a warning.
#include <weir/http.hpp>
#include <weir/log.hpp>

#include <cstdio>
#include <string_view>

namespace {

/// A request as an adapter tells of it.
void serve(weir::request_observer& observer, std::string_view target, unsigned status) {
  weir::request_headers headers(observer);
  headers.take("User-Agent", "curl/7.88");
  headers.take("Authorization", "Bearer c2VjcmV0");
  weir::exchange exchange(observer);
  exchange.begin({.method = "GET", .target = target, .peer = "203.0.113.9", .headers = &headers});
  exchange.set_route("/orders/{id}");
  exchange.handler_started();
  exchange.response_started(status);
  exchange.add_response_bytes(512);
  exchange.response_completed();
}

} // namespace

int main() {
  // Memory, so that the four can be shown one below the other; a server has one sink, or several, of whatever kind.
  const auto json = weir::memory_sink({}, weir::as_json());
  const auto combined =
      weir::memory_sink({}, weir::as_access_line(weir::combined_log_format, weir::pattern_time::utc));
  const auto logfmt = weir::memory_sink({}, weir::as_logfmt());
  const auto own = weir::memory_sink({}, weir::as_access_line("%m %R -> %>s in %{ms}T ms, trace %{trace_id}n"));
  weir::log_stream stream({.sinks = {json, combined, logfmt, own}});

  weir::observer_options options{.access_log = &stream.get_logger("access")};
  options.access.headers = {"Referer", "User-Agent", "Authorization"};
  weir::request_observer observer(options);

  serve(observer, "/orders/7", 200);
  serve(observer, "/orders/7?fields=price&access_token=c2VjcmV0", 200);
  serve(observer, "/orders/8", 500);
  stream.flush();
  for (std::size_t i = 0; i < 3; ++i)
    for (const auto& sink : {json, combined, logfmt, own}) std::printf("%s\n", sink->snapshot().at(i).c_str());
}
