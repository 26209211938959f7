// How many requests may come in a time: for one source, and for each of many.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace weir {

/// What a token bucket lets pass: `per_second` on average, and up to `burst` at once after a pause.
struct token_rate {
  double per_second = 100; ///< from one in a million seconds to a million
  unsigned burst = 100;    ///< 1 to a million, and so many that 100 million seconds bring them back
};

/// One bucket: full at first, it gains `per_second` tokens a second up to `burst`, and each take() is for one. At
/// once `burst` pass, and not one more; over a time no more than the rate says, and at most 0.01 % less. Thread-safe:
/// over any number of threads not one more passes. Cost: an atomic exchange; allocates nothing. Source: the generic
/// cell rate algorithm (ITU-T I.371), whose whole state is the time at which it is full again.
class token_bucket {
 public:
  using clock = std::chrono::steady_clock;

  /// Errors: throws std::invalid_argument naming what is out of range.
  explicit token_bucket(token_rate rate);

  /// Zero if there was a token, which is taken. Else how long it will be until there is one, and nothing is taken.
  std::chrono::nanoseconds take(clock::time_point now = clock::now()) noexcept;

 private:
  friend class client_buckets;
  struct times {
    explicit times(token_rate rate);
    /// The same for a bucket that is full again at `full_at`, which it changes if there is a token.
    std::chrono::nanoseconds take(std::int64_t& full_at, std::int64_t now) const noexcept;
    std::int64_t of_one, of_all; // to gain one token, to fill an empty bucket
  };

  // All in ticks: see the source.
  times times_;
  std::atomic<std::int64_t> full_at_; // of the clock
};

/// A bucket for each of many clients, which are told apart by a text. A client that has not come for as long as its
/// bucket takes to fill is forgotten; of those that are known at the same time there are at most `most_clients`, and
/// who comes on top of that shares one bucket with all others of his kind, so that memory stays bounded whoever
/// calls. Thread-safe. Cost: a lock, of which there are 16, and a look-up; allocates for a client that is new.
class client_buckets {
 public:
  using clock = token_bucket::clock;

  /// `most_clients`: 16 to 16 million. Errors: throws std::invalid_argument naming what is out of range.
  explicit client_buckets(token_rate rate, std::size_t most_clients = 65'536);

  /// As token_bucket::take(), of this client's bucket. Never throws: without memory it is as if there were too many.
  std::chrono::nanoseconds take(std::string_view client, clock::time_point now = clock::now()) noexcept;

  /// How many are known. Takes the locks.
  std::size_t clients() const;

 private:
  static constexpr std::size_t parts = 16;
  struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
  };
  struct part {
    mutable std::mutex mutex;
    std::unordered_map<std::string, std::int64_t, text_hash, std::equal_to<>> full_at;
    std::int64_t swept = 0;
  };

  std::int64_t* find(part& in, std::string_view client, std::int64_t now);

  token_bucket::times times_;
  std::size_t most_in_part_;
  token_bucket shared_;
  std::array<part, parts> parts_;
};

} // namespace weir
