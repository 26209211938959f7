// Cancelling an exchange from other threads.
#include "weir/http/exchange.hpp"

#include "observed.hpp"
#include "weir/context.hpp"
#include "weir/http/observer.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <barrier>
#include <thread>
#include <vector>

using weir::cancel_reason;
using weir::request_outcome;
using weir_test::observed;

TEST_CASE("http: of many threads that cancel one does, and the request is told as it said", "[http][concurrent]") {
  observed server;
  weir::exchange exchange(server.observer);
  constexpr int rounds = 2000;
  constexpr cancel_reason reasons[] = {cancel_reason::client_closed, cancel_reason::shutdown,
                                       cancel_reason::application};
  std::atomic<int> winners{0};
  std::atomic<cancel_reason> winner{cancel_reason::none};
  std::atomic<int> not_done{0};
  std::barrier step(std::ssize(reasons) + 1);
  std::vector<std::jthread> threads;
  for (const cancel_reason reason : reasons)
    threads.emplace_back([&, reason] {
      for (int i = 0; i < rounds; ++i) {
        step.arrive_and_wait();
        if (exchange.cancel(reason)) {
          ++winners;
          winner = reason;
        }
        if (!exchange.ctx().done()) ++not_done;
        step.arrive_and_wait();
      }
    });
  int wrong = 0;
  for (int i = 0; i < rounds; ++i) {
    exchange.begin({.method = "GET", .target = "/"});
    exchange.handler_started();
    winners = 0;
    step.arrive_and_wait();
    step.arrive_and_wait();
    exchange.finish();
    wrong += winners != 1 || exchange.facts().outcome != request_outcome::cancelled ||
             exchange.facts().reason != winner || exchange.ctx().reason() != winner;
  }
  threads.clear();
  CHECK(wrong == 0);
  CHECK(not_done == 0);
  CHECK(server.cancelled({{"phase", "handler"}}) == rounds);
}

TEST_CASE("http: a cancel that races with the end either counts or changes nothing", "[http][concurrent]") {
  observed server;
  weir::exchange exchange(server.observer);
  constexpr int rounds = 5000;
  std::barrier step(2);
  bool did = false;
  std::jthread canceller([&] {
    for (int i = 0; i < rounds; ++i) {
      step.arrive_and_wait();
      did = exchange.cancel(cancel_reason::client_reset);
      step.arrive_and_wait();
    }
  });
  int wrong = 0, cancelled = 0;
  for (int i = 0; i < rounds; ++i) {
    exchange.begin({.method = "GET", .target = "/"});
    exchange.handler_started();
    exchange.response_started(200);
    step.arrive_and_wait();
    exchange.finish();
    step.arrive_and_wait();
    const bool was_cancelled = exchange.facts().outcome == request_outcome::cancelled;
    wrong += was_cancelled != did;
    cancelled += was_cancelled;
  }
  canceller.join();
  CHECK(wrong == 0);
  CHECK(server.cancelled() == cancelled);
  CHECK(server.finished() == rounds);
  CHECK(server.active() == 0);
}
