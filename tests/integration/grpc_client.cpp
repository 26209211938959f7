// Calls to examples/16_grpc with known ends, some at a time. Prints how often each way of asking got which code.
#include "lookup.grpc.pb.h"

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;

lookup::Question asking(const std::string& word) {
  lookup::Question question;
  question.set_word(word);
  return question;
}

constexpr const char* traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// How one call is made.
struct way {
  std::string name, word;
  int times = 1;
  std::chrono::milliseconds deadline{0};     // 0: none
  std::chrono::milliseconds cancel_after{0}; // 0: never
  bool by_relay = false;
};

grpc::StatusCode ask(lookup::Lookup::Stub& stub, const way& how) {
  grpc::ClientContext call;
  call.AddMetadata("traceparent", traceparent);
  if (how.deadline.count() != 0) call.set_deadline(std::chrono::system_clock::now() + how.deadline);
  std::thread canceller;
  if (how.cancel_after.count() != 0)
    canceller = std::thread([&] {
      std::this_thread::sleep_for(how.cancel_after);
      call.TryCancel();
    });
  lookup::Answer answer;
  const grpc::Status status =
      how.by_relay ? stub.Relay(&call, asking(how.word), &answer) : stub.Find(&call, asking(how.word), &answer);
  if (canceller.joinable()) canceller.join();
  return status.error_code();
}

/// Reads `most` answers of a stream, and cancels it if that was not all of it.
grpc::StatusCode list(lookup::Lookup::Stub& stub, int most) {
  grpc::ClientContext call;
  call.AddMetadata("traceparent", traceparent);
  const auto reader = stub.List(&call, asking("stream"));
  lookup::Answer answer;
  int read = 0;
  while (read < most && reader->Read(&answer)) ++read;
  if (read == most) call.TryCancel();
  return reader->Finish().error_code();
}

} // namespace

int main(int count, char** words) {
  if (count != 2) {
    std::fprintf(stderr, "usage: grpc_client ADDRESS\n");
    return 2;
  }
  const auto stub = lookup::Lookup::NewStub(grpc::CreateChannel(words[1], grpc::InsecureChannelCredentials()));
  const std::vector<way> ways{
      {.name = "found", .word = "pear", .times = 50},
      {.name = "nothing", .word = "nothing", .times = 7},
      {.name = "broken", .word = "broken", .times = 5},
      {.name = "cancelled", .word = "slow", .times = 6, .cancel_after = 200ms},
      {.name = "too late", .word = "slow", .times = 6, .deadline = 800ms},
      {.name = "relayed", .word = "plum", .times = 3, .by_relay = true},
      {.name = "relayed and cancelled", .word = "slow", .times = 3, .cancel_after = 200ms, .by_relay = true},
      {.name = "relayed too late", .word = "slow", .times = 3, .deadline = 800ms, .by_relay = true}};
  std::mutex mutex;
  std::map<std::pair<std::string, int>, int> got;
  std::vector<std::thread> threads;
  for (const way& how : ways)
    threads.emplace_back([&] {
      for (int i = 0; i < how.times; ++i) {
        const grpc::StatusCode code = ask(*stub, how);
        const std::lock_guard hold(mutex);
        ++got[{how.name, code}];
      }
    });
  for (std::thread& each : threads) each.join();
  for (int i = 0; i < 2; ++i) ++got[{"listed", list(*stub, 1'000'000)}];
  for (int i = 0; i < 2; ++i) ++got[{"half listed", list(*stub, 10)}];
  for (const auto& [what, times] : got) std::printf("%s|%d|%d\n", what.first.c_str(), what.second, times);
}
