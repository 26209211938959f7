// What is posted when contexts end on many threads at once, on an io_context that many threads run: each once.
#include "weir/asio/post_on_done.hpp"
#include "weir/context.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <catch2/catch.hpp>

namespace net = boost::asio;

namespace {

struct add_one {
  std::atomic<int>* calls;
  void operator()() const { ++*calls; }
};

using counted_post = weir::detail::post_on_done<net::io_context::executor_type, add_one>;

/// One wait, and all that it may have to do with.
struct one_wait {
  explicit one_wait(net::io_context& io) { waits.emplace(made.ctx, io.get_executor(), add_one{&calls}); }

  weir::cancellable made = weir::with_cancel(weir::background());
  std::atomic<int> calls = 0;
  std::optional<counted_post> waits;
};

constexpr std::size_t many_waits = 128;

using wait_list = std::vector<std::unique_ptr<one_wait>>;

wait_list begin_many(net::io_context& io) {
  wait_list all;
  while (all.size() < many_waits) all.push_back(std::make_unique<one_wait>(io));
  return all;
}

/// Runs an io_context on some threads until it is told to finish; then all that has been posted has run.
class runners {
 public:
  explicit runners(net::io_context& io) : guard_(io.get_executor()) {
    for (int i = 0; i < 3; ++i) threads_.emplace_back([&io] { io.run(); });
  }
  void finish() {
    guard_.reset();
    threads_.clear();
  }

 private:
  net::executor_work_guard<net::io_context::executor_type> guard_;
  std::vector<std::jthread> threads_;
};

/// Two threads that end all contexts, one from each end of the list, and so meet.
class cancellers {
 public:
  explicit cancellers(const wait_list& all) : first_(all.front()->made.ctx) {
    for (const bool forward : {true, false})
      threads_.emplace_back([this, forward, cancel = shares(all)] {
        // acquire: pairs with the release in start(); it waits for nothing but to be as late.
        while (!go_.load(std::memory_order_acquire)) std::this_thread::yield();
        for (std::size_t i = 0; i < cancel.size(); ++i) cancel[forward ? i : cancel.size() - 1 - i]();
      });
  }
  /// Returns when they are amid it.
  void start() {
    // release: pairs with the acquire above.
    go_.store(true, std::memory_order_release);
    while (!first_.done()) std::this_thread::yield();
  }
  void join() { threads_.clear(); }

 private:
  static std::vector<weir::cancel_function> shares(const wait_list& all) {
    std::vector<weir::cancel_function> result;
    for (const auto& each : all) result.push_back(each->made.cancel.share());
    return result;
  }

  const weir::context first_;
  std::atomic<bool> go_ = false;
  std::vector<std::jthread> threads_;
};

std::vector<int> calls_of(const wait_list& all) {
  std::vector<int> result;
  for (const auto& each : all) result.push_back(each->calls);
  return result;
}

const std::vector<int> once_each(many_waits, 1);

} // namespace

TEST_CASE("post_on_done: contexts that are ended twice, on two threads, are told of once each, if need be later",
          "[asio][concurrent]") {
  const bool stops_meanwhile = GENERATE(false, true);
  int wrong = 0;
  for (int round = 0; round < 100; ++round) {
    net::io_context io;
    const wait_list all = begin_many(io);
    runners running(io);
    cancellers ending(all);
    ending.start();
    if (stops_meanwhile) io.stop();
    ending.join();
    running.finish();
    io.restart();
    io.run();
    wrong += calls_of(all) != once_each;
  }
  CHECK(wrong == 0);
}

TEST_CASE("post_on_done: contexts whose last handle goes are told of once, those let go of are not",
          "[asio][concurrent]") {
  int wrong = 0;
  for (int round = 0; round < 100; ++round) {
    net::io_context io;
    const wait_list all = begin_many(io);
    runners running(io);
    std::atomic<bool> go = false;
    {
      const std::jthread dropping([&] {
        // acquire: pairs with the release below; it waits for nothing but to be as late.
        while (!go.load(std::memory_order_acquire)) std::this_thread::yield();
        for (std::size_t i = 0; i < many_waits; i += 2) all[i]->made = {};
      });
      // release: pairs with the acquire above.
      go.store(true, std::memory_order_release);
      while (!all[0]->calls) std::this_thread::yield();
      for (std::size_t i = 1; i < many_waits; i += 2) {
        all[i]->made.cancel.release();
        all[i]->made = {};
      }
    }
    running.finish();
    for (std::size_t i = 0; i < many_waits; ++i) wrong += all[i]->calls != (i % 2 == 0 ? 1 : 0);
  }
  CHECK(wrong == 0);
}

TEST_CASE("post_on_done: one that ends, begins anew or goes meanwhile is called once a context, or not at all",
          "[asio][concurrent]") {
  int wrong = 0;
  for (int round = 0; round < 100; ++round) {
    net::io_context io;
    const wait_list all = begin_many(io);
    const weir::cancellable next = weir::with_cancel(weir::background());
    runners running(io);
    cancellers ending(all);
    ending.start();
    for (std::size_t i = 0; i < all.size(); ++i) {
      auto& waits = all[i]->waits;
      if (i % 3 == 2) {
        waits.reset();
      } else {
        waits->end();
        if (i % 3 == 1) waits->begin(next.ctx);
      }
    }
    ending.join();
    next.cancel();
    running.finish();
    for (std::size_t i = 0; i < all.size(); ++i) {
      const int for_the_next = i % 3 == 1 ? 1 : 0;
      wrong += all[i]->calls < for_the_next || all[i]->calls > for_the_next + 1;
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("post_on_done: an io_context may be stopped and go while contexts end, and nothing runs after it",
          "[asio][concurrent]") {
  int wrong = 0;
  for (int round = 0; round < 100; ++round) {
    wait_list all;
    std::optional<cancellers> ending;
    std::vector<int> seen;
    {
      net::io_context io;
      all = begin_many(io);
      runners running(io);
      ending.emplace(all);
      ending->start();
      io.stop();
      for (const auto& each : all) each->waits.reset();
      running.finish();
      seen = calls_of(all);
    }
    ending->join();
    wrong += calls_of(all) != seen || std::ranges::max(seen) > 1;
    for (const auto& each : all) wrong += !each->made.ctx.done();
  }
  CHECK(wrong == 0);
}
