// A gRPC server, and the lines that weir adds: they are marked.
//
//   build/release/examples/16_grpc [PORT [LOG FILE]]
//
//   Find   answers; "slow" takes two seconds, "nothing" is NOT_FOUND, "broken" INTERNAL
//   List   streams ten thousand answers
//   Relay  asks Find, of this same server: under the caller's trace and deadline, and no longer than the caller waits
//
// You will see one JSON line a call, on standard error or in the file, and at the end, by Ctrl-C or SIGTERM, the page
// of metrics on standard output.
#include "lookup.grpc.pb.h"

#include <weir/grpc.hpp>
#include <weir/log.hpp>
#include <weir/prometheus.hpp>

#include <grpcpp/grpcpp.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;

class lookup_service final : public lookup::Lookup::Service {
 public:
  void set_other(const std::string& address) {
    other_ = lookup::Lookup::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  }

  grpc::Status Find(grpc::ServerContext* call, const lookup::Question* question, lookup::Answer* answer) override {
    const weir::context ctx = weir::context_of(*call); // weir
    if (question->word() == "nothing") return {grpc::StatusCode::NOT_FOUND, "there is nothing"};
    if (question->word() == "broken") return {grpc::StatusCode::INTERNAL, "out of order"};
    if (question->word() == "slow") {
      for (int page = 0; page < 200; ++page) {
        // weir: was std::this_thread::sleep_for(10ms), the work on a page
        if (ctx.wait_for(10ms)) return weir::status_of(ctx);
      }
    }
    WEIR_INFO(weir::default_log().get_logger("lookup"), "found", weir::field<"word">(question->word())); // weir
    answer->set_text("found " + question->word());
    return grpc::Status::OK;
  }

  grpc::Status List(grpc::ServerContext*, const lookup::Question* question,
                    grpc::ServerWriter<lookup::Answer>* writer) override {
    lookup::Answer answer;
    answer.set_text(question->word());
    for (int i = 0; i < 10'000; ++i)
      if (!writer->Write(answer)) return {grpc::StatusCode::CANCELLED, "nobody reads"};
    return grpc::Status::OK;
  }

  grpc::Status Relay(grpc::ServerContext* call, const lookup::Question* question, lookup::Answer* answer) override {
    grpc::ClientContext outgoing;
    const weir::grpc_outgoing carried(outgoing, weir::context_of(*call)); // weir
    return other_->Find(&outgoing, *question, answer);
  }

 private:
  std::unique_ptr<lookup::Lookup::Stub> other_;
};

} // namespace

int main(int count, char** words) {
  try {
    const int port = count > 1 ? std::stoi(words[1]) : 50051;
    if (port < 0 || port > 65535) throw std::out_of_range("no such port: " + std::to_string(port));
    // Before any thread is there, so that all of them leave the signals to sigwait() below.
    sigset_t stop_signals;
    sigemptyset(&stop_signals);
    sigaddset(&stop_signals, SIGINT);
    sigaddset(&stop_signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);

    weir::start_logging({.sinks = {count > 2 ? weir::file_sink({.path = words[2]}, weir::as_json())
                                             : weir::console_sink(weir::console_stream::error, weir::as_json())}});
    const auto [serving, stop_serving] = weir::with_cancel(weir::background());
    weir::logger& access_log = weir::default_log().get_logger("access");           // weir
    weir::request_observer observer({.access_log = &access_log, .base = serving}); // weir

    lookup_service service;
    grpc::ServerBuilder builder;
    int bound = 0;
    builder.AddListeningPort("127.0.0.1:" + std::to_string(port), grpc::InsecureServerCredentials(), &bound);
    builder.RegisterService(&service);
    std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> interceptors; // weir
    interceptors.push_back(weir::observe_grpc(observer));                                             // weir
    builder.experimental().SetInterceptorCreators(std::move(interceptors));                           // weir
    const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
    if (server == nullptr || bound == 0) throw std::runtime_error("cannot listen on port " + std::to_string(port));
    service.set_other("127.0.0.1:" + std::to_string(bound));
    std::printf("serving on http://127.0.0.1:%d\n", bound);
    std::fflush(stdout);

    int signal = 0;
    sigwait(&stop_signals, &signal);
    stop_serving(weir::cancel_reason::shutdown); // weir: methods that are under way stop, too
    server->Shutdown(std::chrono::system_clock::now() + 5s);
    server->Wait();
    std::fputs(weir::make_scrape_response(weir::default_metrics(), "text/plain").body.c_str(), stdout);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "16_grpc: %s\n", error.what());
    return 1;
  }
}
