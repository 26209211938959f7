// Threads that are cancelled (pthread_cancel(3)) while they wait for a context. Not under sanitizers, which do not
// know a stack again that was left in this way.
#include "weir/context.hpp"

#include <pthread.h>

#include <chrono>
#include <cstddef>
#include <cstring>
#include <vector>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;

namespace {

using start_routine = void* (*)(void*);

/// Starts a thread and cancels it at once, so that it ends where it first waits. Its stack is nobody's then.
void run_cancelled(start_routine routine, weir::context& ctx) {
  std::vector<std::byte> stack(std::size_t{1} << 20);
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  REQUIRE(::pthread_attr_setstack(&attributes, stack.data(), stack.size()) == 0);
  pthread_t thread{};
  REQUIRE(::pthread_create(&thread, &attributes, routine, &ctx) == 0);
  ::pthread_attr_destroy(&attributes);
  ::pthread_cancel(thread);
  void* result = nullptr;
  ::pthread_join(thread, &result);
  CHECK(result == PTHREAD_CANCELED);
  std::memset(stack.data(), 0xff, stack.size());
}

} // namespace

// The context's list of those who wait kept a place on the stack.
TEST_CASE("context: a thread that is cancelled while it waits leaves nothing behind", "[context]") {
  auto made = weir::with_cancel(weir::background());
  SECTION("without a limit") {
    const auto wait = [](void* ctx) -> void* {
      static_cast<weir::context*>(ctx)->wait();
      return nullptr;
    };
    for (int i = 0; i < 3; ++i) run_cancelled(wait, made.ctx);
  }
  SECTION("with one") {
    const auto wait = [](void* ctx) -> void* {
      static_cast<weir::context*>(ctx)->wait_for(1h);
      return nullptr;
    };
    for (int i = 0; i < 3; ++i) run_cancelled(wait, made.ctx);
  }
  made.cancel();
  CHECK(made.ctx.wait());
}
