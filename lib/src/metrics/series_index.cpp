// Lock-free lookup by label values.
#include "weir/metrics/series_index.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace weir::detail {

namespace {

// Labels are a handful of short strings, looked up for every request: what follows takes them in whole words, without
// a call, and without a step that waits for the one before.

std::uint64_t load8(const char* from) noexcept {
  std::uint64_t word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

std::uint64_t load4(const char* from) noexcept {
  std::uint32_t word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

// A text of less than eight bytes as one word; of the same length no other text has the same.
std::uint64_t load_short(const char* from, std::size_t size) noexcept {
  // The two halves overlap, and so do the three bytes.
  if (size >= 4) return load4(from) | load4(from + size - 4) << 32;
  if (size == 0) return 0;
  const auto byte = [from](std::size_t i) { return std::uint64_t{static_cast<unsigned char>(from[i])}; };
  return byte(0) | byte(size / 2) << 8 | byte(size - 1) << 16;
}

bool same_text(std::string_view a, std::string_view b) noexcept {
  const std::size_t size = a.size();
  if (size != b.size()) return false;
  if (size < 8) return load_short(a.data(), size) == load_short(b.data(), size);
  for (std::size_t at = 0; at + 8 < size; at += 8)
    if (load8(a.data() + at) != load8(b.data() + at)) return false;
  // Overlaps with what has been compared.
  return load8(a.data() + size - 8) == load8(b.data() + size - 8);
}

// A sum of words that are each scattered on their own, by where they stand.
class label_hash {
 public:
  void add(std::uint64_t word) noexcept {
    // Odd, with bits set all over: multiplying spreads every bit upwards, the shift brings them down again.
    const std::uint64_t spread = (word ^ place_) * 0xff51afd7ed558ccdU;
    sum_ += spread ^ (spread >> 32);
    place_ += 0x9e3779b97f4a7c15U;
  }
  std::size_t value() const noexcept { return static_cast<std::size_t>(sum_); }

 private:
  std::uint64_t sum_ = 0;
  std::uint64_t place_ = 0x9e3779b97f4a7c15U;
};

} // namespace

std::size_t hash_labels(std::span<const std::string_view> values) noexcept {
  label_hash hash;
  for (const std::string_view value : values) {
    const std::size_t size = value.size();
    std::uint64_t last = 0;
    if (size < 8) {
      last = load_short(value.data(), size);
    } else {
      for (std::size_t at = 0; at + 8 < size; at += 8) hash.add(load8(value.data() + at));
      last = load8(value.data() + size - 8);
    }
    // With the length, so that moving a character from one label to the next makes another hash.
    hash.add(last ^ std::uint64_t{size} << 56);
  }
  return hash.value();
}

series_index::series_index() {
  tables_.push_back(std::make_unique<table>(16));
  // relaxed: whoever gets hold of this object got it through something that synchronises.
  current_.store(tables_.back().get(), std::memory_order_relaxed);
}

series_key* series_index::find(std::size_t hash, std::span<const std::string_view> values) const noexcept {
  // acquire: pairs with the release in reserve_one(); the table's slots are there.
  const table& now = *current_.load(std::memory_order_acquire);
  for (std::size_t at = hash & now.mask;; at = (at + 1) & now.mask) {
    // acquire: pairs with the release in place(); the key and its series are complete.
    series_key* key = now.slots[at].load(std::memory_order_acquire);
    if (key == nullptr) return nullptr;
    if (key->hash == hash &&
        std::equal(values.begin(), values.end(), key->values.begin(), key->values.end(), same_text))
      return key;
  }
}

void series_index::place(table& into, series_key& key) noexcept {
  std::size_t at = key.hash & into.mask;
  // relaxed: only insert() writes slots, and there is one of it at a time.
  while (into.slots[at].load(std::memory_order_relaxed) != nullptr) at = (at + 1) & into.mask;
  // release: pairs with the acquire in find(); publishes the key and its series.
  into.slots[at].store(&key, std::memory_order_release);
}

void series_index::reserve_one() {
  // At most half full: a miss then looks at about two slots.
  if (2 * (count_ + 1) <= tables_.back()->slots.size()) return;
  auto larger = std::make_unique<table>(2 * tables_.back()->slots.size());
  for (const auto& slot : tables_.back()->slots) {
    // relaxed: as in place().
    if (series_key* old = slot.load(std::memory_order_relaxed)) place(*larger, *old);
  }
  tables_.push_back(std::move(larger));
  // release: pairs with the acquire in find(); publishes the slots of the new table.
  current_.store(tables_.back().get(), std::memory_order_release);
}

void series_index::insert(series_key& key) noexcept {
  place(*tables_.back(), key);
  ++count_;
}

} // namespace weir::detail
