// What a call carries on of the context that it is made for.
#include "weir/grpc/outgoing.hpp"

#include "lookup_server.hpp"
#include "weir/trace.hpp"

#include <catch2/catch.hpp>

#include <cstddef>
#include <cstdint>
#include <future>
#include <optional>
#include <string>
#include <thread>

using weir_test::asking;
using weir_test::lookup_server;
using namespace std::chrono_literals;

namespace {

/// Keeps what it was asked with; waits, where told to, until its caller goes.
class keeping_service final : public lookup::Lookup::Service {
 public:
  grpc::Status Find(grpc::ServerContext* call, const lookup::Question* question, lookup::Answer*) override {
    for (const auto& [name, value] : call->client_metadata()) {
      if (name == "traceparent") given_traceparent.assign(value.data(), value.size());
      if (name == "baggage") given_baggage.assign(value.data(), value.size());
    }
    deadline = call->deadline();
    const weir::context ctx = weir::context_of(*call);
    asked.set_value();
    if (question->word() == "wait") ctx.wait_for(10s);
    return weir::status_of(ctx);
  }

  std::promise<void> asked;
  std::string given_traceparent;
  std::string given_baggage;
  std::chrono::system_clock::time_point deadline;
};

} // namespace

TEST_CASE("grpc: a call carries the trace on, with a span of its own", "[grpc]") {
  keeping_service service;
  lookup_server server(service);
  const weir::correlation ids = weir::to_correlation(weir::make_server_span(weir::trace_headers{}));
  const weir::context ctx = weir::with_correlation(weir::background(), ids);
  grpc::ClientContext call;
  lookup::Answer answer;
  const weir::grpc_outgoing carried(call, ctx);
  CHECK(server.stub->Find(&call, asking("word"), &answer).ok());
  const auto parent = weir::parse_traceparent(service.given_traceparent);
  REQUIRE(parent.has_value());
  CHECK(weir::to_correlation(*parent).trace_id_high == ids.trace_id_high);
  CHECK(weir::to_correlation(*parent).trace_id_low == ids.trace_id_low);
  CHECK(weir::to_correlation(*parent).span_id != ids.span_id);
  CHECK(service.deadline == std::chrono::system_clock::time_point::max());
}

TEST_CASE("grpc: a baggage is sent as far as there is room, in whole members", "[grpc]") {
  const auto [limit, received] = GENERATE(table<std::size_t, std::string>({
      {4096, "a=1,bb=2;p,c=3"},
      {14, "a=1,bb=2;p,c=3"},
      {13, "a=1,bb=2;p"},
      {11, "a=1,bb=2;p"},
      {10, "a=1,bb=2;p"},
      {9, "a=1"},
      {3, "a=1"},
      {2, ""},
      {0, ""},
  }));
  keeping_service service;
  lookup_server server(service);
  const auto ctx =
      weir::with_value<weir::baggage_key>(weir::background(), weir::parse_baggage("a=1,bb=2;p,c=3").kept);
  grpc::ClientContext call;
  lookup::Answer answer;
  const weir::grpc_outgoing carried(call, ctx, limit);
  CHECK(server.stub->Find(&call, asking("word"), &answer).ok());
  CHECK(service.given_baggage == received);
}

// With gRPC's limit of 8 KiB for all metadata every such call failed.
TEST_CASE("grpc: a call is made with as large a baggage as there may be", "[grpc]") {
  keeping_service service;
  lookup_server server(service);
  std::string sent = "a=1";
  for (int i = 0; i < 7; ++i) sent += ",key" + std::to_string(i) + '=' + std::string(1120, 'x'); // 7900 bytes
  const auto ctx = weir::with_value<weir::baggage_key>(weir::background(), weir::parse_baggage(sent).kept);
  grpc::ClientContext call;
  lookup::Answer answer;
  const weir::grpc_outgoing carried(call, ctx);
  CHECK(server.stub->Find(&call, asking("word"), &answer).ok());
  CHECK(service.given_baggage.size() == 3 + 3 * 1126);
  CHECK(sent.starts_with(service.given_baggage));
}

TEST_CASE("grpc: of the call's own deadline and the context's the earlier one counts", "[grpc]") {
  keeping_service service;
  lookup_server server(service);
  const auto now = std::chrono::system_clock::now();
  const bool own_is_earlier = GENERATE(false, true);
  const auto [ctx, cancel] = weir::with_timeout(weir::background(), own_is_earlier ? 100s : 50s);
  grpc::ClientContext call;
  call.set_deadline(now + (own_is_earlier ? 50s : 100s));
  lookup::Answer answer;
  const weir::grpc_outgoing carried(call, ctx);
  CHECK(server.stub->Find(&call, asking("word"), &answer).ok());
  CHECK(service.deadline > now + 40s);
  CHECK(service.deadline < now + 90s);
}

namespace {

gpr_timespec in_seconds(std::int64_t seconds, gpr_clock_type clock) {
  const auto span = gpr_time_from_seconds(seconds, GPR_TIMESPAN);
  return clock == GPR_TIMESPAN ? span : gpr_time_add(gpr_now(clock), span);
}

/// Of the deadline that the call has.
double seconds_left(const grpc::ClientContext& call) {
  return gpr_timespec_to_micros(gpr_convert_clock_type(call.raw_deadline(), GPR_TIMESPAN)) / 1e6;
}

} // namespace

// The year 9999 was earlier than 50 s from now, as its nanoseconds wrapped: the call went on without a deadline.
TEST_CASE("grpc: a call's own deadline counts where it is earlier, centuries away and by any clock", "[grpc]") {
  const auto clock = GENERATE(GPR_CLOCK_REALTIME, GPR_CLOCK_MONOTONIC, GPR_TIMESPAN);
  const auto [own, kept] =
      GENERATE(table<std::int64_t, double>({{-5, -5}, {40, 40}, {60, 50}, {253'000'000'000, 50}}));
  const auto [ctx, cancel] = weir::with_timeout(weir::background(), 50s);
  grpc::ClientContext call;
  call.set_deadline(in_seconds(own, clock));
  const weir::grpc_outgoing carried(call, ctx);
  CHECK(seconds_left(call) == Approx(kept).margin(5));
}

// Where a sum of a system_clock's nanoseconds overflowed.
TEST_CASE("grpc: a context's deadline may be as far away as a context's can", "[grpc]") {
  const auto given =
      GENERATE(std::chrono::nanoseconds(std::chrono::hours(24 * 365 * 250)), std::chrono::nanoseconds::max());
  const auto [ctx, cancel] = weir::with_timeout(weir::background(), given);
  grpc::ClientContext call;
  const weir::grpc_outgoing carried(call, ctx);
  CHECK(seconds_left(call) > 200 * 365.0 * 24 * 3600);
}

TEST_CASE("grpc: the end of the context cancels the call, whenever it comes", "[grpc]") {
  keeping_service service;
  lookup_server server(service);
  auto ending = weir::with_cancel(weir::background());
  lookup::Answer answer;
  {
    grpc::ClientContext call;
    std::optional<weir::grpc_outgoing> carried;
    std::thread canceller;
    SECTION("while the call is under way") {
      carried.emplace(call, ending.ctx);
      canceller = std::thread([&] {
        service.asked.get_future().get();
        ending.cancel();
      });
    }
    SECTION("before it") {
      ending.cancel();
      carried.emplace(call, ending.ctx);
    }
    CHECK(server.stub->Find(&call, asking("wait"), &answer).error_code() == grpc::StatusCode::CANCELLED);
    if (canceller.joinable()) canceller.join();
  }
}

TEST_CASE("grpc: a call whose time is over has exceeded its deadline, whatever the reason is called", "[grpc]") {
  keeping_service service;
  lookup_server server(service);
  const auto cause = GENERATE(weir::cancel_reason::timeout, weir::cancel_reason::deadline);
  const auto [ctx, cancel] = weir::with_timeout(weir::background(), 50ms, {.reason = cause});
  grpc::ClientContext call;
  lookup::Answer answer;
  const weir::grpc_outgoing carried(call, ctx);
  CHECK(server.stub->Find(&call, asking("wait"), &answer).error_code() == grpc::StatusCode::DEADLINE_EXCEEDED);
}

TEST_CASE("grpc: a context that is cancelled before its deadline cancels the call, also for that reason", "[grpc]") {
  keeping_service service;
  lookup_server server(service);
  const bool has_deadline = GENERATE(false, true);
  const auto ending =
      has_deadline ? weir::with_timeout(weir::background(), 5s) : weir::with_cancel(weir::background());
  grpc::ClientContext call;
  lookup::Answer answer;
  const weir::grpc_outgoing carried(call, ending.ctx);
  std::jthread canceller([&] {
    service.asked.get_future().get();
    ending.cancel(weir::cancel_reason::deadline);
  });
  CHECK(server.stub->Find(&call, asking("wait"), &answer).error_code() == grpc::StatusCode::CANCELLED);
}

// As when the caller of a method that makes a call of its own gives up, whose clock is a little ahead.
TEST_CASE("grpc: a deadline that is given up for a moment early is still one", "[grpc]") {
  keeping_service service;
  lookup_server server(service);
  const auto ending = weir::with_timeout(weir::background(), 1s);
  grpc::ClientContext call;
  lookup::Answer answer;
  const weir::grpc_outgoing carried(call, ending.ctx);
  std::jthread canceller([&] {
    std::this_thread::sleep_until(*ending.ctx.deadline() - 40ms);
    ending.cancel(weir::cancel_reason::deadline);
  });
  CHECK(server.stub->Find(&call, asking("wait"), &answer).error_code() == grpc::StatusCode::DEADLINE_EXCEEDED);
}

TEST_CASE("grpc: a context that ends after its call finds nothing to cancel", "[grpc]") {
  keeping_service service;
  lookup_server server(service);
  const auto ending = weir::with_cancel(weir::background());
  {
    grpc::ClientContext call;
    lookup::Answer answer;
    const weir::grpc_outgoing carried(call, ending.ctx);
    CHECK(server.stub->Find(&call, asking("word"), &answer).ok());
  }
  ending.cancel();
}
