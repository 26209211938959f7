// Lock-free lookup by label values.
#include "weir/metrics/series_index.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace weir::detail {

namespace {

// Odd, with bits set all over: multiplying spreads every input bit upwards, the shift brings them down again.
constexpr std::uint64_t multiplier = 0xff51afd7ed558ccdU;

constexpr std::uint64_t mix(std::uint64_t hash, std::uint64_t word) noexcept {
  hash = (hash ^ word) * multiplier;
  return hash ^ (hash >> 32);
}

} // namespace

// Labels are a handful of short strings, looked up for every request: eight bytes at a time, without a call.
std::size_t hash_labels(std::span<const std::string_view> values) noexcept {
  std::uint64_t hash = 0x9e3779b97f4a7c15U;
  for (const std::string_view value : values) {
    std::size_t at = 0;
    for (; at + 8 <= value.size(); at += 8) {
      std::uint64_t word;
      std::memcpy(&word, value.data() + at, 8);
      hash = mix(hash, word);
    }
    // The rest, and the length, so that moving a character from one label to the next makes another hash.
    std::uint64_t tail = 0;
    for (std::size_t i = 0; at + i < value.size(); ++i)
      tail |= std::uint64_t{static_cast<unsigned char>(value[at + i])} << (8 * i);
    hash = mix(hash, tail ^ std::uint64_t{value.size()} << 56);
  }
  return static_cast<std::size_t>(hash);
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
    if (key->hash == hash && std::equal(values.begin(), values.end(), key->values.begin(), key->values.end()))
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
