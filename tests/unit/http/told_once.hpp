// One request of a file, as far as a test wants it, and a look at how its end was told.
#pragma once

#include "observed.hpp"
#include "weir/http/exchange.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <string>

namespace weir_test {

inline constexpr weir::request_head get_file{.method = "GET", .target = "/download/a?x=1", .peer = "192.0.2.7"};

inline void begin(weir::exchange& exchange, weir::request_phase until = weir::request_phase::read) {
  using weir::request_phase;
  exchange.begin(get_file);
  exchange.set_route("/download/{file}");
  if (until == request_phase::read) return;
  exchange.handler_started();
  if (until == request_phase::write) exchange.response_started(200);
}

/// The one request that was made: counted once, over, and the same in the metrics and in the log, whose line is
/// returned.
inline std::string require_told_once(observed& server, const weir::exchange& exchange) {
  const weir::exchange_record& facts = exchange.facts();
  const auto lines = server.access_lines();
  REQUIRE(lines.size() == 1);
  const std::string& line = lines.front();
  INFO(line);
  CHECK_FALSE(exchange.is_open());
  CHECK(server.active() == 0);
  CHECK(server.finished() == 1);
  const std::string status = facts.status == 0 ? "" : std::to_string(facts.status);
  CHECK(server.finished({{"http_request_method", "GET"},
                         {"http_route", "/download/{file}"},
                         {"http_response_status_code", status}}) == 1);
  CHECK(server.sum("http_server_response_body_size_bytes", {{"http_response_status_code", status}}) == 1);
  CHECK(json_member(line, "outcome") == to_string_view(facts.outcome));
  CHECK(json_member(line, "http.response.status_code") == (status.empty() ? "(absent)" : status));
  CHECK(json_member(line, "http.route") == "/download/{file}");
  CHECK(json_member(line, "url.path") == "/download/a");
  CHECK(json_member(line, "client.address") == "192.0.2.7");
  CHECK(json_member(line, "trace_id") == std::string_view(to_hex(facts.trace.trace)));
  CHECK(json_member(line, "span_id") == std::string_view(to_hex(facts.trace.span)));

  CHECK(server.cancelled() == (facts.was_cut_short() ? 1 : 0));
  if (facts.was_cut_short()) {
    const auto reason = to_string_view(facts.reason);
    const auto phase = to_string_view(facts.phase);
    CHECK(server.cancelled({{"http_route", "/download/{file}"}, {"reason", reason}, {"phase", phase}}) == 1);
    CHECK(server.finished({{"error_type", reason}}) == 1);
    CHECK(json_member(line, "error.type") == reason);
    CHECK(json_member(line, "cancel.phase") == phase);
    const bool told = facts.time_to_stop >= std::chrono::nanoseconds(0);
    CHECK((json_member(line, "cancel.to_stop_s") != "(absent)") == told);
    CHECK(server.sum("weir_cancel_to_stop_seconds") == (told ? 1 : 0));
  } else {
    CHECK(server.sum("weir_cancel_to_stop_seconds") == 0);
  }
  return line;
}

} // namespace weir_test
