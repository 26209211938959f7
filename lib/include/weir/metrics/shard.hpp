// The cells behind every metric: words of 64 bits, once for each thread that may write at the same time.
//
//            word 0   word 1  …        one row is one shard, on cache lines of its own
//   shard 0  [      ][      ]          own shards: each lent to one living thread at a time, which alone writes it,
//   shard 1  [      ][      ]          so that adding is a load and a store
//   …
//   shard n  [      ][      ]          common shards, one for each core: for threads that came when all own shards
//   …                                  were lent, or by another copy of the library; they add atomically, on the
//                                      line of the core they run on
//
// A value is the sum over all rows, made by whoever reads it.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

namespace weir::detail {

/// The stride that keeps two shards from sharing a cache line.
inline constexpr std::size_t shard_alignment = 64;

/// How many shards of each kind there are: fixed for the life of the process.
struct shard_layout {
  std::uint32_t own;
  std::uint32_t common;

  /// One own shard for each core and some to spare, at most 64; as many common ones as cores, at most 64. Always the
  /// same object, of this copy of the library: a program and a plug-in of it may each have one, and lend shards
  /// without knowing of each other.
  static const shard_layout& get() noexcept;
};

/// The own shard of a thread.
struct own_shard {
  const shard_layout* lender = nullptr; ///< in whose metrics it is the thread's; nullptr: it has none
  std::uint32_t index = 0;
  bool decided = false;
};

/// Given back when the thread ends; a thread-local destructor that runs later than that adds like a thread that never
/// had one.
inline constinit thread_local own_shard this_thread_shard{};

/// Takes an own shard for this thread if one is free.
void decide_shard() noexcept;

/// One shard, as the thread that asked for it may write it.
class shard_writer {
 public:
  shard_writer(std::atomic<std::uint64_t>* words, bool own) noexcept : words_(words), own_(own) {}

  /// Adds modulo 2^64, so that adding the two's complement subtracts.
  void add(std::size_t word, std::uint64_t amount) noexcept {
    std::atomic<std::uint64_t>& cell = words_[word];
    if (own_) [[likely]] {
      // relaxed, both: nobody else writes this cell, and a reader wants the number, nothing published by it.
      cell.store(cell.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
    } else {
      // relaxed: only the number counts, see above.
      cell.fetch_add(amount, std::memory_order_relaxed);
    }
  }

  /// Adds to a word that holds the bits of a double.
  void add_double(std::size_t word, double amount) noexcept {
    std::atomic<std::uint64_t>& cell = words_[word];
    // relaxed, all three: as in add().
    std::uint64_t seen = cell.load(std::memory_order_relaxed);
    const auto sum = [amount](std::uint64_t bits) {
      return std::bit_cast<std::uint64_t>(std::bit_cast<double>(bits) + amount);
    };
    if (own_) [[likely]] {
      // relaxed: see above.
      cell.store(sum(seen), std::memory_order_relaxed);
    } else {
      // relaxed: see above.
      while (!cell.compare_exchange_weak(seen, sum(seen), std::memory_order_relaxed, std::memory_order_relaxed)) {
      }
    }
  }

 private:
  std::atomic<std::uint64_t>* words_;
  bool own_;
};

/// All shards of one metric.
class sharded_words {
 public:
  /// `words`: how many a shard holds, at least one. Every word starts as zero.
  explicit sharded_words(std::size_t words);
  sharded_words(const sharded_words&) = delete;
  sharded_words& operator=(const sharded_words&) = delete;
  ~sharded_words() = default;

  /// The shard that this thread writes to, until its next call: a thread may change cores or come late in its life.
  shard_writer writer() noexcept {
    const own_shard& mine = this_thread_shard;
    if (mine.lender == layout_) [[likely]]
      return {words_.get() + mine.index * stride_, true};
    return writer_of_newcomer();
  }

  /// The sum of one word over all shards, modulo 2^64, and of one that holds doubles.
  std::uint64_t sum(std::size_t word) const noexcept;
  double sum_double(std::size_t word) const noexcept;

 private:
  /// For a thread that has not asked yet, or that came when all own shards were lent, or whose own shard another copy
  /// of the library has lent.
  shard_writer writer_of_newcomer() noexcept;

  struct aligned_delete {
    void operator()(std::atomic<std::uint64_t>* words) const noexcept {
      ::operator delete (words, std::align_val_t{shard_alignment});
    }
  };

  const shard_layout* layout_ = &shard_layout::get();
  std::size_t stride_;
  std::unique_ptr<std::atomic<std::uint64_t>[], aligned_delete> words_;
};

} // namespace weir::detail
