// Long-lived parents, long chains, many timers: nothing grows, nothing recurses.
#include "weir/context.hpp"

#include <memory>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "context/cancel_node.hpp"
#include "context/timer_heap.hpp"

using namespace std::chrono_literals;

namespace {

struct probe_key {
  using value_type = std::shared_ptr<int>;
};

bool nothing_expires(weir::detail::timer&) noexcept { return false; }
void never(weir::detail::timer&) noexcept {}
constexpr weir::detail::timer::functions inert{&nothing_expires, &never};

} // namespace

TEST_CASE("context: a parent may be dropped before its children", "[context]") {
  weir::cancellable child;
  {
    auto [parent, cancel_parent] = weir::with_cancel(weir::background());
    child = weir::with_cancel(parent);
    cancel_parent.release();
  }
  CHECK_FALSE(child.ctx.done());
  child.cancel();
  CHECK(child.ctx.done());
}

TEST_CASE("context: a chain of a hundred thousand contexts ends and is destroyed without recursion", "[context]") {
  auto [root, cancel_root] = weir::with_cancel(weir::background());
  weir::context last = root;
  for (int i = 0; i < 100'000; ++i) {
    auto [child, cancel] = weir::with_cancel(last);
    cancel.release();
    last = std::move(child);
  }
  CHECK_FALSE(last.done());
  cancel_root(weir::cancel_reason::shutdown);
  CHECK(last.reason() == weir::cancel_reason::shutdown);
  last = {};
}

TEST_CASE("context: a chain that is dropped unended is destroyed without recursion", "[context]") {
  weir::context last;
  for (int i = 0; i < 100'000; ++i) {
    auto [child, cancel] = weir::with_cancel(weir::with_value<probe_key>(last, nullptr));
    cancel.release();
    last = std::move(child);
  }
  CHECK_FALSE(last.done());
  last = {};
  CHECK_FALSE(last.can_be_done());
}

TEST_CASE("context: a chain of ten thousand deadlines, each earlier than the one above, ends from its middle",
          "[context]") {
  const auto last_deadline = weir::context::clock::now() + 1h;
  weir::context last;
  weir::cancellable middle;
  std::vector<weir::canceller> rest;
  for (int i = 0; i < 10'000; ++i) {
    auto made = weir::with_deadline(last, last_deadline - i * 1us);
    last = made.ctx;
    if (i == 5'000)
      middle = std::move(made);
    else
      rest.push_back(std::move(made.cancel));
  }
  CHECK(last.deadline() == last_deadline - 9'999 * 1us);
  middle.cancel(weir::cancel_reason::overload);
  CHECK(last.reason() == weir::cancel_reason::overload);
  for (auto& each : rest) each.release();
  middle = {};
  last = {};
}

TEST_CASE("context: a parent with ten thousand children ends them all", "[context]") {
  auto [parent, cancel_parent] = weir::with_cancel(weir::background());
  std::vector<weir::cancellable> children;
  for (int i = 0; i < 10'000; ++i) children.push_back(weir::with_timeout(parent, 1h));
  cancel_parent();
  int live = 0;
  for (const auto& each : children) live += !each.ctx.done();
  CHECK(live == 0);
}

TEST_CASE("timer_heap: timers come out when due, those due together in the order of their adding", "[context]") {
  weir::detail::timer_heap heap;
  std::vector<std::unique_ptr<weir::detail::timer>> timers;
  std::uint32_t random = 1;
  for (int i = 0; i < 500; ++i) {
    random = random * 1664525u + 1013904223u;
    const weir::detail::timer::time_point due{std::chrono::seconds(random >> 26)};
    timers.push_back(std::make_unique<weir::detail::timer>(due, inert));
    heap.add(*timers.back());
  }
  for (std::size_t i = 0; i < timers.size(); i += 3) heap.remove(*timers[i]);
  heap.remove(*timers[0]);
  CHECK(heap.size() == 333);

  const weir::detail::timer* previous = nullptr;
  while (!heap.empty()) {
    auto& next = heap.first();
    heap.remove(next);
    if (previous) {
      const bool in_order = previous->due() < next.due() || (previous->due() == next.due() && [&] {
                              for (const auto& each : timers) {
                                if (each.get() == previous) return true;
                                if (each.get() == &next) return false;
                              }
                              return false;
                            }());
      REQUIRE(in_order);
    }
    previous = &next;
  }
}
