// Synchronous methods that read a stream, and lose their callers while they do.
#include "weir/grpc/server.hpp"

#include "lookup_server.hpp"

#include <catch2/catch.hpp>

#include <grpcpp/support/method_handler.h>
#include <grpcpp/support/sync_stream.h>

#include <functional>
#include <future>
#include <memory>
#include <string>

using weir_test::asking;
using weir_test::json_member;
using weir_test::lookup_server;
using namespace std::chrono_literals;

namespace {

using grpc::internal::RpcMethod;
using grpc::internal::RpcServiceMethod;

constexpr const char* collect_name = "/streams/Collect";
constexpr const char* converse_name = "/streams/Converse";

/// The two kinds of methods that read, written as gRPC's generator does: both read all, and then do what a test
/// wants.
class stream_service final : public grpc::Service {
 public:
  using after_reading = std::function<void(const weir::context&)>;

  /// `asks`: whether the methods begin with context_of().
  stream_service(bool asks, after_reading after) : asks_(asks), after_(std::move(after)) {
    using collect = grpc::internal::ClientStreamingHandler<stream_service, lookup::Question, lookup::Answer>;
    using converse = grpc::internal::BidiStreamingHandler<stream_service, lookup::Question, lookup::Answer>;
    AddMethod(new RpcServiceMethod(
        collect_name, RpcMethod::CLIENT_STREAMING,
        new collect([](stream_service* self, grpc::ServerContext* call, grpc::ServerReader<lookup::Question>* reader,
                       lookup::Answer*) { return self->read_all(*call, *reader); },
                    this)));
    AddMethod(new RpcServiceMethod(converse_name, RpcMethod::BIDI_STREAMING,
                                   new converse(
                                       [](stream_service* self, grpc::ServerContext* call,
                                          grpc::ServerReaderWriter<lookup::Answer, lookup::Question>* stream) {
                                         return self->read_all(*call, *stream);
                                       },
                                       this)));
  }
  /// Returns when a method has read its caller's first question.
  void wait_for_first() { first_.get_future().wait(); }

 private:
  template <class Reader>
  grpc::Status read_all(grpc::ServerContext& call, Reader& reader) {
    const weir::context ctx = asks_ ? weir::context_of(call) : weir::context();
    lookup::Question question;
    for (int count = 0; reader.Read(&question); ++count)
      if (count == 0) first_.set_value();
    after_(ctx);
    return grpc::Status::OK;
  }

  bool asks_;
  after_reading after_;
  std::promise<void> first_;
};

/// A call with one question; its end as `end` has it. Returns the code.
template <class End>
grpc::StatusCode call_with_one(lookup_server& server, stream_service& service, bool is_bidi, End end) {
  grpc::ClientContext context;
  lookup::Answer answer;
  const auto run = [&](auto& stream) {
    CHECK(stream.Write(asking("word")));
    service.wait_for_first();
    end(context, stream);
    return stream.Finish().error_code();
  };
  if (is_bidi) {
    using factory = grpc::internal::ClientReaderWriterFactory<lookup::Question, lookup::Answer>;
    const RpcMethod method(converse_name, RpcMethod::BIDI_STREAMING, server.channel);
    const std::unique_ptr<grpc::ClientReaderWriter<lookup::Question, lookup::Answer>> stream(
        factory::Create(server.channel.get(), method, &context));
    return run(*stream);
  }
  using factory = grpc::internal::ClientWriterFactory<lookup::Question>;
  const RpcMethod method(collect_name, RpcMethod::CLIENT_STREAMING, server.channel);
  const std::unique_ptr<grpc::ClientWriter<lookup::Question>> stream(
      factory::Create(server.channel.get(), method, &context, &answer));
  return run(*stream);
}

const auto cancels = [](grpc::ClientContext& call, auto&) { call.TryCancel(); };

} // namespace

// A Read() that failed hid the cancel: the context lasted, and the call was counted as completed.
TEST_CASE("grpc: a method that reads learns that its caller has gone", "[grpc]") {
  const bool is_bidi = GENERATE(false, true);
  stream_service service(true, [](const weir::context& ctx) {
    CHECK(ctx.wait_for(10s));
    CHECK(ctx.reason() == weir::cancel_reason::client_closed);
  });
  lookup_server server(service);
  CHECK(call_with_one(server, service, is_bidi, cancels) == grpc::StatusCode::CANCELLED);
  const std::string line = server.line();
  CHECK(json_member(line, "outcome") == "cancelled");
  CHECK(json_member(line, "error.type") == "client_closed");
  CHECK(json_member(line, "cancel.phase") == "handler");
}

TEST_CASE("grpc: so does one that reads and never asks, when it has returned", "[grpc]") {
  const bool is_bidi = GENERATE(false, true);
  stream_service service(false, [](const weir::context&) {});
  lookup_server server(service);
  CHECK(call_with_one(server, service, is_bidi, cancels) == grpc::StatusCode::CANCELLED);
  CHECK(json_member(server.line(), "outcome") == "cancelled");
}

TEST_CASE("grpc: a caller that has written all has not gone", "[grpc]") {
  const bool is_bidi = GENERATE(false, true);
  const bool asks = GENERATE(false, true);
  stream_service service(asks, [](const weir::context& ctx) { CHECK_FALSE(ctx.done()); });
  lookup_server server(service);
  const auto writes_all = [](grpc::ClientContext&, auto& stream) { CHECK(stream.WritesDone()); };
  CHECK(call_with_one(server, service, is_bidi, writes_all) == grpc::StatusCode::OK);
  CHECK(json_member(server.line(), "outcome") == "completed");
}
