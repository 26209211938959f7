// What contexts allocate: this program's malloc counts. Not under sanitizers, which have a malloc of their own.
#include "weir/context.hpp"

#include <chrono>
#include <cstddef>
#include <new>
#include <vector>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;

extern "C" void* __libc_malloc(std::size_t);

namespace {

constinit thread_local int allocations = 0;

struct number_key {
  using value_type = int;
};

/// How often `work` allocates, destruction of what it returns included.
template <class Work>
int allocations_of(Work work) {
  const int before = allocations;
  work();
  return allocations - before;
}

} // namespace

extern "C" void* malloc(std::size_t size) {
  ++allocations;
  return __libc_malloc(size);
}

TEST_CASE("allocation: the counter counts", "[context]") {
  CHECK(allocations_of([] { ::operator delete(::operator new(100)); }) == 1);
}

TEST_CASE("allocation: deriving a context takes one, and ending it none", "[context]") {
  const auto [parent, cancel_parent] = weir::with_cancel(weir::background());
  // The timers' thread, and room for a fourth.
  const std::vector<weir::cancellable> live = [&p = parent] {
    std::vector<weir::cancellable> all;
    for (int i = 0; i < 3; ++i) all.push_back(weir::with_timeout(p, 1h));
    return all;
  }();
  CHECK(allocations_of([&p = parent] { weir::with_cancel(p).cancel(); }) == 1);
  CHECK(allocations_of([&p = parent] {
          weir::with_cancel(p, {1, 2, 3}).cancel(weir::cancel_reason::shutdown);
        }) == 1);
  CHECK(allocations_of([&p = parent] { weir::with_timeout(p, 1h).cancel(); }) == 1);
  CHECK(allocations_of([&p = parent] { weir::with_deadline(p, {}).cancel(); }) == 1);
  CHECK(allocations_of([&p = parent] { static_cast<void>(weir::with_value<number_key>(p, 1)); }) == 1);
  CHECK(allocations_of([&p = parent] { static_cast<void>(weir::with_correlation(p, {1, 2, 3})); }) == 1);
  CHECK(allocations_of([&p = parent] { static_cast<void>(weir::without_cancel(p)); }) == 1);
  CHECK(allocations_of([&p = parent] { p.on_done([] {}).stop(); }) == 1);
}

TEST_CASE("allocation: asking, waiting, sharing, making current and renewing take none", "[context]") {
  auto made = weir::with_cancel(weir::with_value<number_key>(weir::background(), 1), {1, 2, 3});
  const auto ask = [&] {
    const weir::context ctx = made.ctx;
    const weir::context_scope current(ctx);
    ctx.wait_for(0s);
    return ctx.done() || ctx.error() || ctx.reason() == weir::cancel_reason::application || ctx.deadline() ||
           weir::current_context().value<number_key>() == nullptr || ctx.cause().text == "x";
  };
  bool answers[3]{};
  const auto parent = weir::background();
  CHECK(allocations_of([&] {
          answers[0] = ask();
          made.cancel.share()();
          answers[1] = ask();
          weir::retire(made);
        }) == 0);
  CHECK_FALSE(answers[0]);
  CHECK(answers[1]);
  made = weir::with_cancel(parent, {1, 2, 3});
  CHECK(allocations_of([&] {
          weir::retire(made);
          weir::renew(made, parent, {4, 5, 6});
          made.cancel();
          weir::renew(made, parent, {7, 8, 9});
          answers[2] = made.ctx.ids()->span_id == 9 && !made.ctx.done();
        }) == 0);
  CHECK(answers[2]);
}
