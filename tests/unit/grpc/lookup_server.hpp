// Servers of examples/16_grpc's service on free ports, observed, with stubs for them.
#pragma once

#include "http/observed.hpp"
#include "weir/grpc.hpp"

#include "lookup.grpc.pb.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace weir_test {

using namespace std::chrono_literals;

/// The server; stop() returns when all its calls have been counted.
class lookup_server {
 public:
  /// `queue`: of a service of the asynchronous API.
  explicit lookup_server(grpc::Service& service, std::unique_ptr<grpc::ServerCompletionQueue>* queue = nullptr)
      : lookup_server(service, queue, grpc::InsecureServerCredentials(), grpc::InsecureChannelCredentials()) {}
  lookup_server(grpc::Service& service, std::unique_ptr<grpc::ServerCompletionQueue>* queue,
                const std::shared_ptr<grpc::ServerCredentials>& own,
                const std::shared_ptr<grpc::ChannelCredentials>& clients) {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", own, &port);
    builder.RegisterService(&service);
    if (queue != nullptr) queue_ = (*queue = builder.AddCompletionQueue()).get();
    std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> interceptors;
    interceptors.push_back(weir::observe_grpc(observed.observer));
    builder.experimental().SetInterceptorCreators(std::move(interceptors));
    server_ = builder.BuildAndStart();
    if (server_ == nullptr) throw std::runtime_error("no gRPC server");
    channel = grpc::CreateChannel("127.0.0.1:" + std::to_string(port), clients);
    stub = lookup::Lookup::NewStub(channel);
  }
  ~lookup_server() { stop(); }
  lookup_server(const lookup_server&) = delete;
  lookup_server& operator=(const lookup_server&) = delete;

  void stop() {
    if (!server_) return;
    server_->Shutdown(std::chrono::system_clock::now() + 10s);
    server_->Wait();
    // A queue has to be emptied while the server is there.
    if (queue_ != nullptr) {
      queue_->Shutdown();
      void* tag = nullptr;
      bool ok = false;
      while (queue_->Next(&tag, &ok)) {
      }
    }
    server_.reset();
  }
  /// Without a connection: deadlines come as they are, where HTTP/2's headers from this library say 3 years at most.
  std::unique_ptr<lookup::Lookup::Stub> stub_in_process() {
    return lookup::Lookup::NewStub(server_->InProcessChannel(grpc::ChannelArguments()));
  }
  /// The one access line, when all is over.
  std::string line() {
    stop();
    const auto lines = observed.access_lines();
    if (lines.size() != 1) throw std::runtime_error(std::to_string(lines.size()) + " access lines");
    return lines[0];
  }

  weir_test::observed observed;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<lookup::Lookup::Stub> stub;

 private:
  grpc::ServerCompletionQueue* queue_ = nullptr;
  std::unique_ptr<grpc::Server> server_;
};

inline lookup::Question asking(const std::string& word) {
  lookup::Question question;
  question.set_word(word);
  return question;
}

} // namespace weir_test
