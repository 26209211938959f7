// Observed gRPC servers of all three kinds: synchronous, with callbacks, asynchronous.
#include "weir/grpc/server.hpp"

#include "beast/certificate.hpp"
#include "lookup_server.hpp"
#include "weir/log.hpp"

#include <catch2/catch.hpp>

#include <grpcpp/generic/generic_stub.h>

#include <cstdint>
#include <future>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

using weir_test::asking;
using weir_test::json_member;
using weir_test::lookup_server;
using namespace std::chrono_literals;

namespace {

constexpr const char* traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
constexpr const char* trace = "4bf92f3577b34da6a3ce929d0e0e4736";

/// Find() as a test wants it.
template <class Method>
class sync_service final : public lookup::Lookup::Service {
 public:
  explicit sync_service(Method find) : find_(std::move(find)) {}
  grpc::Status Find(grpc::ServerContext* call, const lookup::Question*, lookup::Answer* answer) override {
    return find_(*call, *answer);
  }

 private:
  Method find_;
};

template <class Method>
class callback_service final : public lookup::Lookup::CallbackService {
 public:
  explicit callback_service(Method find) : find_(std::move(find)) {}
  grpc::ServerUnaryReactor* Find(grpc::CallbackServerContext* call, const lookup::Question*,
                                 lookup::Answer* answer) override {
    return find_(*call, *answer);
  }

 private:
  Method find_;
};

/// The client's half of a call.
struct client_call {
  client_call() { context.AddMetadata("traceparent", traceparent); }
  grpc::Status find(lookup_server& server) { return server.stub->Find(&context, asking("word"), &answer); }

  grpc::ClientContext context;
  lookup::Answer answer;
};

} // namespace

TEST_CASE("grpc: a synchronous call is told with its method, code and caller", "[grpc]") {
  weir::logger* log = nullptr;
  sync_service service([&](grpc::ServerContext& call, lookup::Answer& answer) {
    WEIR_INFO(*log, "in the method");
    CHECK(weir::current_context() == weir::context_of(call));
    CHECK(weir::exchange_of(call)->facts().route == "/lookup.Lookup/Find");
    answer.set_text("four");
    return grpc::Status::OK;
  });
  lookup_server server(service);
  log = &server.observed.stream.get_logger("app");
  client_call client;
  CHECK(client.find(server).ok());
  const std::string line = server.line();
  CHECK(json_member(line, "http.route") == "/lookup.Lookup/Find");
  CHECK(json_member(line, "rpc.grpc.status_code") == "0");
  CHECK(json_member(line, "http.response.status_code") == "(absent)");
  CHECK(json_member(line, "network.protocol.version") == "2");
  CHECK(json_member(line, "http.response.body.size") == "6");
  CHECK(json_member(line, "client.address") == "127.0.0.1");
  CHECK(json_member(line, "outcome") == "completed");
  CHECK(json_member(line, "trace_id") == trace);
  CHECK(json_member(server.observed.lines_of("app").at(0), "trace_id") == trace);
  CHECK(server.observed.active() == 0);
  CHECK(server.observed.finished({{"network_protocol_version", "2"}}) == 1);
}

TEST_CASE("grpc: a call over TLS is one of https", "[grpc]") {
  sync_service service([&](grpc::ServerContext&, lookup::Answer&) { return grpc::Status::OK; });
  const bool over_tls = GENERATE(false, true);
  const weir_test::certificate made;
  auto own = grpc::InsecureServerCredentials();
  auto clients = grpc::InsecureChannelCredentials();
  if (over_tls) {
    grpc::SslServerCredentialsOptions options;
    options.pem_key_cert_pairs.push_back({made.key_pem(), made.pem()});
    own = grpc::SslServerCredentials(options);
    clients = grpc::SslCredentials({made.pem(), "", ""});
  }
  lookup_server server(service, nullptr, own, clients);
  client_call client;
  CHECK(client.find(server).ok());
  CHECK(json_member(server.line(), "url.scheme") == (over_tls ? "https" : "http"));
}

TEST_CASE("grpc: a caller's request id is in the record and in the answer's metadata", "[grpc]") {
  sync_service service([&](grpc::ServerContext&, lookup::Answer&) { return grpc::Status::OK; });
  lookup_server server(service);
  client_call client;
  client.context.AddMetadata("x-request-id", "abc-1");
  CHECK(client.find(server).ok());
  const auto& metadata = client.context.GetServerInitialMetadata();
  const auto id = metadata.find("x-request-id");
  REQUIRE(id != metadata.end());
  CHECK(std::string(id->second.data(), id->second.size()) == "abc-1");
  CHECK(json_member(server.line(), "http.request.id") == "abc-1");
}

TEST_CASE("grpc: a code is an error in the metrics where it says that the server has failed", "[grpc]") {
  const auto [code, error_type] = GENERATE(table<grpc::StatusCode, std::string>({
      {grpc::StatusCode::NOT_FOUND, ""},
      {grpc::StatusCode::INTERNAL, "INTERNAL"},
      {grpc::StatusCode::UNAVAILABLE, "UNAVAILABLE"},
  }));
  sync_service service([&, code = code](grpc::ServerContext&, lookup::Answer&) { return grpc::Status(code, "no"); });
  lookup_server server(service);
  client_call client;
  CHECK(client.find(server).error_code() == code);
  CHECK(json_member(server.line(), "rpc.grpc.status_code") == std::to_string(code));
  CHECK(server.observed.finished({{"error_type", error_type}}) == 1);
}

TEST_CASE("grpc: a method that throws is UNKNOWN", "[grpc]") {
  sync_service service([](grpc::ServerContext&, lookup::Answer&) -> grpc::Status { throw std::runtime_error("no"); });
  lookup_server server(service);
  client_call client;
  CHECK(client.find(server).error_code() == grpc::StatusCode::UNKNOWN);
  server.stop();
  CHECK(server.observed.finished({{"error_type", "UNKNOWN"}}) == 1);
}

TEST_CASE("grpc: a synchronous method learns that its caller has gone", "[grpc]") {
  std::promise<void> started;
  sync_service service([&](grpc::ServerContext& call, lookup::Answer&) {
    const weir::context ctx = weir::context_of(call);
    started.set_value();
    CHECK(ctx.wait_for(10s));
    CHECK(ctx.reason() == weir::cancel_reason::client_closed);
    return weir::status_of(ctx);
  });
  lookup_server server(service);
  client_call client;
  std::thread canceller([&] {
    started.get_future().get();
    client.context.TryCancel();
  });
  CHECK(client.find(server).error_code() == grpc::StatusCode::CANCELLED);
  canceller.join();
  const std::string line = server.line();
  CHECK(json_member(line, "outcome") == "cancelled");
  CHECK(json_member(line, "error.type") == "client_closed");
  CHECK(json_member(line, "cancel.phase") == "handler");
}

TEST_CASE("grpc: so does a method that never asks, when it has returned", "[grpc]") {
  std::promise<void> started;
  std::promise<void> cancelled;
  sync_service service([&](grpc::ServerContext& call, lookup::Answer&) {
    started.set_value();
    cancelled.get_future().get();
    while (!call.IsCancelled()) std::this_thread::yield();
    return grpc::Status::OK;
  });
  lookup_server server(service);
  client_call client;
  std::thread canceller([&] {
    started.get_future().get();
    client.context.TryCancel();
    cancelled.set_value();
  });
  CHECK(client.find(server).error_code() == grpc::StatusCode::CANCELLED);
  canceller.join();
  CHECK(json_member(server.line(), "outcome") == "cancelled");
}

TEST_CASE("grpc: a caller's deadline is its call's", "[grpc]") {
  sync_service service([](grpc::ServerContext& call, lookup::Answer&) {
    const weir::context ctx = weir::context_of(call);
    CHECK(ctx.deadline().has_value());
    CHECK(ctx.wait_for(10s));
    CHECK(ctx.reason() == weir::cancel_reason::deadline);
    return weir::status_of(ctx);
  });
  lookup_server server(service);
  client_call client;
  client.context.set_deadline(std::chrono::system_clock::now() + 50ms);
  CHECK(client.find(server).error_code() == grpc::StatusCode::DEADLINE_EXCEEDED);
  const std::string line = server.line();
  CHECK(json_member(line, "outcome") == "timed_out");
  CHECK(json_member(line, "error.type") == "deadline");
}

// The context was done at once, and a cancel was told as the deadline: the nanoseconds of the year wrapped.
TEST_CASE("grpc: a deadline that is centuries away is as good as none", "[grpc]") {
  constexpr std::int64_t year = 31'556'952;
  // Of 251 years the nanoseconds can be counted, but not if they begin in 1970.
  const std::int64_t years = GENERATE(251, 8000);
  std::promise<void> started;
  sync_service service([&](grpc::ServerContext& call, lookup::Answer&) {
    const weir::context ctx = weir::context_of(call);
    CHECK_FALSE(ctx.deadline().has_value());
    CHECK_FALSE(ctx.done());
    started.set_value();
    CHECK(ctx.wait_for(10s));
    CHECK(ctx.reason() == weir::cancel_reason::client_closed);
    return weir::status_of(ctx);
  });
  lookup_server server(service);
  const auto stub = server.stub_in_process();
  client_call client;
  const auto now = gpr_now(GPR_CLOCK_REALTIME);
  client.context.set_deadline(gpr_time_add(now, gpr_time_from_seconds(years * year, GPR_TIMESPAN)));
  std::thread canceller([&] {
    started.get_future().get();
    client.context.TryCancel();
  });
  CHECK(stub->Find(&client.context, asking("word"), &client.answer).error_code() == grpc::StatusCode::CANCELLED);
  canceller.join();
  const std::string line = server.line();
  CHECK(json_member(line, "outcome") == "cancelled");
  CHECK(json_member(line, "error.type") == "client_closed");
}

TEST_CASE("grpc: a callback call is told as a synchronous one is", "[grpc]") {
  callback_service service([&](grpc::CallbackServerContext& call, lookup::Answer& answer) {
    CHECK(weir::current_context() == weir::context_of(call));
    answer.set_text("four");
    auto* const reactor = call.DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  });
  lookup_server server(service);
  client_call client;
  CHECK(client.find(server).ok());
  const std::string line = server.line();
  CHECK(json_member(line, "outcome") == "completed");
  CHECK(json_member(line, "http.response.body.size") == "6");
  CHECK(json_member(line, "trace_id") == trace);
}

TEST_CASE("grpc: a callback call's context ends when its caller goes, whatever waits for it", "[grpc]") {
  std::promise<void> started;
  weir::done_registration ended;
  callback_service service([&](grpc::CallbackServerContext& call, lookup::Answer&) {
    auto* const reactor = call.DefaultReactor();
    ended = weir::context_of(call).on_done([reactor] { reactor->Finish(grpc::Status::CANCELLED); });
    started.set_value();
    return reactor;
  });
  lookup_server server(service);
  client_call client;
  std::thread canceller([&] {
    started.get_future().get();
    client.context.TryCancel();
  });
  CHECK(client.find(server).error_code() == grpc::StatusCode::CANCELLED);
  canceller.join();
  const std::string line = server.line();
  CHECK(json_member(line, "outcome") == "cancelled");
  CHECK(json_member(line, "error.type") == "client_closed");
  CHECK(json_member(line, "cancel.phase") == "handler");
}

TEST_CASE("grpc: a call of the asynchronous API is told when its ServerContext goes", "[grpc]") {
  lookup::Lookup::AsyncService service;
  std::unique_ptr<grpc::ServerCompletionQueue> queue;
  lookup_server server(service, &queue);
  std::optional<grpc::ServerContext> call(std::in_place);
  lookup::Question question;
  grpc::ServerAsyncResponseWriter<lookup::Answer> responder(&*call);
  service.RequestFind(&*call, &question, &responder, queue.get(), queue.get(), &call);
  client_call client;
  auto asked = std::async(std::launch::async, [&] { return client.find(server); });
  void* tag = nullptr;
  bool ok = false;
  REQUIRE(queue->Next(&tag, &ok));
  REQUIRE(ok);
  CHECK(weir::context_of(*call).ids() != nullptr);
  lookup::Answer answer;
  answer.set_text("four");
  responder.Finish(answer, grpc::Status::OK, &call);
  REQUIRE(queue->Next(&tag, &ok));
  CHECK(asked.get().ok());
  server.stop();
  CHECK(server.observed.finished() == 0);
  call.reset();
  CHECK(json_member(server.line(), "outcome") == "completed");
}

namespace {

/// Of a method that the server does not have. `queue`: where somebody has to look for the server to answer.
grpc::StatusCode code_of_missing(lookup_server& server, grpc::ServerCompletionQueue* queue) {
  client_call client;
  const grpc::Slice nothing;
  const grpc::ByteBuffer question(&nothing, 1);
  grpc::ByteBuffer answer;
  std::promise<grpc::Status> over;
  grpc::GenericStub(server.channel)
      .UnaryCall(&client.context, "/lookup.Lookup/Missing", {}, &question, &answer,
                 [&](grpc::Status status) { over.set_value(std::move(status)); });
  auto told = over.get_future();
  void* tag = nullptr;
  bool ok = false;
  while (queue != nullptr && told.wait_for(0s) != std::future_status::ready)
    queue->AsyncNext(&tag, &ok, std::chrono::system_clock::now() + 10ms);
  return told.get().error_code();
}

} // namespace

TEST_CASE("grpc: a call of a method that the server does not have is told, by a synchronous one as unknown",
          "[grpc]") {
  sync_service with_threads([](grpc::ServerContext&, lookup::Answer&) { return grpc::Status::OK; });
  callback_service with_callbacks([](grpc::CallbackServerContext& call, lookup::Answer&) {
    auto* const reactor = call.DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  });
  lookup::Lookup::AsyncService with_queue;
  std::unique_ptr<grpc::ServerCompletionQueue> queue;
  std::optional<lookup_server> server;
  std::string route = "/lookup.Lookup/Missing";
  SECTION("synchronous") {
    server.emplace(with_threads);
    route = "unknown";
  }
  SECTION("callback") { server.emplace(with_callbacks); }
  SECTION("asynchronous") { server.emplace(with_queue, &queue); }
  CHECK(code_of_missing(*server, queue.get()) == grpc::StatusCode::UNIMPLEMENTED);
  const std::string line = server->line();
  CHECK(json_member(line, "level") == "warn");
  CHECK(json_member(line, "message") == "POST " + route + " 200");
  CHECK(json_member(line, "http.route") == route);
  CHECK(json_member(line, "url.path") == route);
  CHECK(json_member(line, "rpc.grpc.status_code") == "12");
  CHECK(server->observed.finished({{"error_type", "UNIMPLEMENTED"}}) == 1);
}

TEST_CASE("grpc: what is no observed call has the background", "[grpc]") {
  const grpc::ServerContext none;
  CHECK(weir::context_of(none) == weir::background());
  CHECK(weir::exchange_of(none) == nullptr);
}

TEST_CASE("grpc: a method that stops says why", "[grpc]") {
  using weir::cancel_reason;
  const auto [reason, code] = GENERATE(table<cancel_reason, grpc::StatusCode>({
      {cancel_reason::client_closed, grpc::StatusCode::CANCELLED},
      {cancel_reason::deadline, grpc::StatusCode::DEADLINE_EXCEEDED},
      {cancel_reason::timeout, grpc::StatusCode::DEADLINE_EXCEEDED},
      {cancel_reason::shutdown, grpc::StatusCode::UNAVAILABLE},
      {cancel_reason::overload, grpc::StatusCode::RESOURCE_EXHAUSTED},
      {cancel_reason::application, grpc::StatusCode::CANCELLED},
  }));
  const auto [ctx, cancel] = weir::with_cancel(weir::background());
  CHECK(weir::status_of(ctx).ok());
  cancel(reason);
  CHECK(weir::status_of(ctx).error_code() == code);
}
