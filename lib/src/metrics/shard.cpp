// Which thread writes which shard, and the sums over all of them.
#include "weir/metrics/shard.hpp"

#include <sched.h>

#include <algorithm>
#include <thread>
#include <type_traits>

namespace weir::detail {
namespace {

/// The common shard of the core that this thread runs on, as an index behind the own ones.
std::uint32_t common_shard_index(const shard_layout& layout) noexcept {
  const int core = ::sched_getcpu();
  return layout.own + (core > 0 ? static_cast<std::uint32_t>(core) & (layout.common - 1) : 0);
}

// A bit for each own shard that is lent.
constinit std::atomic<std::uint64_t> lent_shards{0};

// Gives the shard back at the end of its thread.
struct shard_loan {
  ~shard_loan() {
    if (this_thread_shard.lender == nullptr) return;
    this_thread_shard.lender = nullptr;
    // release: pairs with the acquire in decide_shard(); the next owner continues from this thread's last values.
    lent_shards.fetch_and(~(std::uint64_t{1} << this_thread_shard.index), std::memory_order_release);
  }
  bool is_watched = false;
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

void decide_shard() noexcept {
  const shard_layout& layout = shard_layout::get();
  const std::uint64_t all = layout.own == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << layout.own) - 1;
  this_thread_shard.decided = true;
  // relaxed: only a guess, which the exchange below checks.
  std::uint64_t lent = lent_shards.load(std::memory_order_relaxed);
  while ((lent & all) != all) {
    const auto shard = static_cast<std::uint32_t>(std::countr_one(lent));
    // acquire: pairs with the release in ~shard_loan(); this thread's loads see the last owner's stores.
    // relaxed on failure: a guess again.
    if (lent_shards.compare_exchange_weak(lent, lent | std::uint64_t{1} << shard, std::memory_order_acquire,
                                          std::memory_order_relaxed)) {
      this_thread_loan.is_watched = true; // from its first use on, its destructor is called
      this_thread_shard.index = shard;
      this_thread_shard.lender = &layout;
      break;
    }
  }
}

sharded_words::sharded_words(std::size_t words) {
  using word = std::atomic<std::uint64_t>;
  // Freed without destroying them one by one.
  static_assert(std::is_trivially_destructible_v<word>);
  constexpr std::size_t line_words = shard_alignment / sizeof(word);
  stride_ = (words + line_words - 1) / line_words * line_words;
  const std::size_t total = stride_ * (layout_->own + layout_->common);
  words_.reset(static_cast<word*>(::operator new (total * sizeof(word), std::align_val_t{shard_alignment})));
  std::uninitialized_value_construct_n(words_.get(), total);
}

shard_writer sharded_words::writer_of_newcomer() noexcept {
  if (!this_thread_shard.decided) decide_shard();
  const bool own = this_thread_shard.lender == layout_;
  const std::uint32_t shard = own ? this_thread_shard.index : common_shard_index(*layout_);
  return {words_.get() + shard * stride_, own};
}

std::uint64_t sharded_words::sum(std::size_t word) const noexcept {
  std::uint64_t total = 0;
  // relaxed: each cell is a number of its own; nothing is read through it.
  for (std::size_t shard = 0; shard < layout_->own + layout_->common; ++shard)
    total += words_[shard * stride_ + word].load(std::memory_order_relaxed);
  return total;
}

double sharded_words::sum_double(std::size_t word) const noexcept {
  double total = 0;
  // relaxed: as in sum().
  for (std::size_t shard = 0; shard < layout_->own + layout_->common; ++shard)
    total += std::bit_cast<double>(words_[shard * stride_ + word].load(std::memory_order_relaxed));
  return total;
}

} // namespace weir::detail
