// Which thread writes which shard, and the sums over all of them.
#include "weir/metrics/shard.hpp"

#include <sched.h>

#include <algorithm>
#include <thread>
#include <type_traits>

namespace weir::detail {
namespace {

// A bit for each own shard that is lent.
constinit std::atomic<std::uint64_t> lent_shards{0};

// Gives the shard back at the end of its thread.
struct shard_loan {
  std::uint32_t shard = common_shard;

  ~shard_loan() {
    if (shard == common_shard) return;
    this_thread_shard = common_shard;
    // release: pairs with the acquire in decide_shard(); the next owner continues from this thread's last values.
    lent_shards.fetch_and(~(std::uint64_t{1} << shard), std::memory_order_release);
  }
};

thread_local shard_loan this_thread_loan;

} // namespace

const shard_layout& shard_layout::get() noexcept {
  static const shard_layout layout = [] {
    const auto cores = std::clamp(std::thread::hardware_concurrency(), 1u, 64u);
    return shard_layout{.own = std::min(std::bit_ceil(cores + 1), 64u), .common = std::bit_ceil(cores)};
  }();
  return layout;
}

std::uint32_t decide_shard() noexcept {
  const std::uint32_t own = shard_layout::get().own;
  const std::uint64_t all = own == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << own) - 1;
  this_thread_shard = common_shard;
  // relaxed: only a guess, which the exchange below checks.
  std::uint64_t lent = lent_shards.load(std::memory_order_relaxed);
  while ((lent & all) != all) {
    const auto shard = static_cast<std::uint32_t>(std::countr_one(lent));
    // acquire: pairs with the release in ~shard_loan(); this thread's loads see the last owner's stores.
    // relaxed on failure: a guess again.
    if (lent_shards.compare_exchange_weak(lent, lent | std::uint64_t{1} << shard, std::memory_order_acquire,
                                          std::memory_order_relaxed)) {
      this_thread_loan.shard = shard;
      this_thread_shard = shard;
      break;
    }
  }
  return this_thread_shard;
}

std::uint32_t common_shard_index() noexcept {
  const shard_layout& layout = shard_layout::get();
  const int core = ::sched_getcpu();
  return layout.own + (core > 0 ? static_cast<std::uint32_t>(core) & (layout.common - 1) : 0);
}

sharded_words::sharded_words(std::size_t words) {
  using word = std::atomic<std::uint64_t>;
  // Freed without destroying them one by one.
  static_assert(std::is_trivially_destructible_v<word>);
  constexpr std::size_t line_words = shard_alignment / sizeof(word);
  stride_ = (words + line_words - 1) / line_words * line_words;
  const shard_layout& layout = shard_layout::get();
  const std::size_t total = stride_ * (layout.own + layout.common);
  words_.reset(static_cast<word*>(::operator new (total * sizeof(word), std::align_val_t{shard_alignment})));
  std::uninitialized_value_construct_n(words_.get(), total);
}

shard_writer sharded_words::writer_of_newcomer() noexcept {
  std::uint32_t shard = this_thread_shard;
  if (shard == undecided_shard) shard = decide_shard();
  const bool own = shard != common_shard;
  if (!own) shard = common_shard_index();
  return {words_.get() + shard * stride_, own};
}

std::uint64_t sharded_words::sum(std::size_t word) const noexcept {
  const shard_layout& layout = shard_layout::get();
  std::uint64_t total = 0;
  // relaxed: each cell is a number of its own; nothing is read through it.
  for (std::size_t shard = 0; shard < layout.own + layout.common; ++shard)
    total += words_[shard * stride_ + word].load(std::memory_order_relaxed);
  return total;
}

double sharded_words::sum_double(std::size_t word) const noexcept {
  const shard_layout& layout = shard_layout::get();
  double total = 0;
  // relaxed: as in sum().
  for (std::size_t shard = 0; shard < layout.own + layout.common; ++shard)
    total += std::bit_cast<double>(words_[shard * stride_ + word].load(std::memory_order_relaxed));
  return total;
}

} // namespace weir::detail
