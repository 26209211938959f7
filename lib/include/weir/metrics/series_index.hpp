// The hash table from label values to series: read without a lock, grown under the family's.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir::detail {

/// The part of a series by which it is found. Neither field changes once it is in an index.
struct series_key {
  std::size_t hash = 0;
  std::vector<std::string> values;
};

/// The hash of label values in their order.
std::size_t hash_labels(std::span<const std::string_view> values) noexcept;

/// Open addressing with linear probing; nothing is ever taken out. A table that got too full is replaced by one of
/// twice the size and kept until the end, because a reader may be in it: all the old ones together are smaller than
/// the last.
class series_index {
 public:
  series_index();

  /// The key with these values, or nullptr. Thread-safe, also against insert().
  series_key* find(std::size_t hash, std::span<const std::string_view> values) const noexcept;

  /// Makes room for one more key. One caller at a time, together with insert().
  /// Errors: std::bad_alloc, and nothing changes.
  void reserve_one();

  /// Adds a key that is not there yet, that outlives the index, and for which there is room.
  void insert(series_key& key) noexcept;

 private:
  struct table {
    explicit table(std::size_t capacity) : mask(capacity - 1), places(capacity) {}

    std::size_t mask;
    std::vector<std::atomic<series_key*>> places;
  };

  static void place(table& into, series_key& key) noexcept;

  std::atomic<const table*> current_;
  // The rest belongs to reserve_one() and insert().
  std::vector<std::unique_ptr<table>> tables_;
  std::size_t count_ = 0;
};

} // namespace weir::detail
