// One generator for each thread, seeded by the kernel, and again after a fork.
#include "trace/random.hpp"

#include <pthread.h>
#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <mutex>

namespace weir::detail {
namespace {

// Counts the forks behind this process, from one. A generator seeded under another count belongs to the parent too.
constinit std::atomic<std::uint64_t> fork_generation{1};

// xoshiro256++ 1.0 (Blackman, Vigna: "Scrambled linear pseudorandom number generators", 2021).
struct generator {
  std::array<std::uint64_t, 4> state{};
  // Zero: never seeded.
  std::uint64_t generation = 0;

  std::uint64_t next() noexcept {
    const std::uint64_t result = std::rotl(state[0] + state[3], 23) + state[0];
    const std::uint64_t shifted = state[1] << 17;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = std::rotl(state[3], 45);
    return result;
  }
};

constinit thread_local generator this_generator;

// splitmix64 (Steele, Lea, Flood, 2014): spreads weak seeds over all bits.
std::uint64_t split_mix(std::uint64_t& state) noexcept {
  state += 0x9e3779b97f4a7c15u;
  std::uint64_t z = state;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

// For kernels and sandboxes without getrandom: differs by process, thread and time, which is what uniqueness needs.
void seed_from_surroundings(generator& target) noexcept {
  const auto now = static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  const auto wall = static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
  std::uint64_t seed = now ^ std::rotl(wall, 32) ^ reinterpret_cast<std::uintptr_t>(&target);
  seed ^= static_cast<std::uint64_t>(getpid()) << 40;
  for (std::uint64_t& word : target.state) word = split_mix(seed);
}

void watch_forks() noexcept {
  static std::once_flag once;
  std::call_once(once, [] {
    // relaxed: the child has one thread, which sees its own write.
    pthread_atfork(nullptr, nullptr, [] { fork_generation.fetch_add(1, std::memory_order_relaxed); });
  });
}

void seed(generator& target, std::uint64_t generation) noexcept {
  watch_forks();
  const auto wanted = static_cast<ssize_t>(sizeof(target.state));
  const bool filled = getrandom(target.state.data(), sizeof(target.state), GRND_NONBLOCK) == wanted;
  // A state of zeros would give zeros for ever.
  const bool zero = (target.state[0] | target.state[1] | target.state[2] | target.state[3]) == 0;
  if (!filled || zero) seed_from_surroundings(target);
  target.generation = generation;
}

} // namespace

void fill_random(std::span<std::uint64_t> words) noexcept {
  generator& mine = this_generator;
  // relaxed: only fork changes it, and in the child this thread is the one that did.
  const std::uint64_t generation = fork_generation.load(std::memory_order_relaxed);
  if (mine.generation != generation) [[unlikely]]
    seed(mine, generation);
  generator local = mine; // in registers, which a thread's variable cannot be
  for (std::uint64_t& word : words) word = local.next();
  mine.state = local.state;
}

} // namespace weir::detail
