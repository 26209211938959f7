// Lock-free lookup by label values.
#include "weir/metrics/series_index.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace weir::detail {

namespace {

// Labels are a handful of short strings, looked up for every request: what follows takes them in words as large as
// they allow, the last overlapping the one before, without a call, and without a step that waits for another.

template <class Word>
Word load(const char* from) noexcept {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

// Of a text that is at least as long as one word and at most as long as two, both.
template <class Word>
std::uint64_t join_ends(std::string_view text) noexcept {
  return load<Word>(text.data()) | std::uint64_t{load<Word>(text.data() + text.size() - sizeof(Word))}
                                       << (8 * sizeof(Word));
}

template <class Word>
bool same_end(std::string_view a, std::string_view b) noexcept {
  return load<Word>(a.data() + a.size() - sizeof(Word)) == load<Word>(b.data() + b.size() - sizeof(Word));
}

template <class Word>
bool same_ends(std::string_view a, std::string_view b) noexcept {
  return load<Word>(a.data()) == load<Word>(b.data()) && same_end<Word>(a, b);
}

bool same_text(std::string_view a, std::string_view b) noexcept {
  const std::size_t size = a.size();
  if (size != b.size()) return false;
  if (size >= 8) {
    for (std::size_t at = 0; at + 8 < size; at += 8)
      if (load<std::uint64_t>(a.data() + at) != load<std::uint64_t>(b.data() + at)) return false;
    return same_end<std::uint64_t>(a, b);
  }
  if (size >= 4) return same_ends<std::uint32_t>(a, b);
  if (size >= 2) return same_ends<std::uint16_t>(a, b);
  return size == 0 || a.front() == b.front();
}

// An odd number for each word, random so that words which change places or make up for each other make another sum
// (splitmix64, by Sebastiano Vigna). Values so long that they begin to repeat are no less right, only less well
// spread.
constexpr std::array<std::uint64_t, 64> multipliers = [] {
  std::array<std::uint64_t, 64> all{};
  std::uint64_t state = 0;
  for (std::uint64_t& each : all) {
    state += 0x9e3779b97f4a7c15U;
    std::uint64_t mixed = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9U;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebU;
    each = (mixed ^ (mixed >> 31)) | 1;
  }
  return all;
}();

class label_hash {
 public:
  void add(std::uint64_t word) noexcept { sum_ += word * multipliers[place_++ % multipliers.size()]; }
  // Multiplying spreads bits upwards only, and the low ones are what tables are looked into by: twice down and once
  // more up.
  std::size_t value() const noexcept {
    const std::uint64_t spread = (sum_ ^ (sum_ >> 32)) * multipliers.front();
    return static_cast<std::size_t>(spread ^ (spread >> 32));
  }

 private:
  std::uint64_t sum_ = 0;
  std::size_t place_ = 0;
};

} // namespace

std::size_t hash_labels(std::span<const std::string_view> values) noexcept {
  label_hash hash;
  for (const std::string_view value : values) {
    const std::size_t size = value.size();
    std::uint64_t last = 0;
    if (size >= 8) {
      for (std::size_t at = 0; at + 8 < size; at += 8) hash.add(load<std::uint64_t>(value.data() + at));
      last = load<std::uint64_t>(value.data() + size - 8);
    } else if (size >= 4) {
      last = join_ends<std::uint32_t>(value);
    } else if (size >= 2) {
      last = join_ends<std::uint16_t>(value);
    } else if (size == 1) {
      last = static_cast<unsigned char>(value.front());
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
    series_key* key = now.places[at].load(std::memory_order_acquire);
    if (key == nullptr) return nullptr;
    if (key->hash == hash &&
        std::equal(values.begin(), values.end(), key->values.begin(), key->values.end(), same_text))
      return key;
  }
}

void series_index::place(table& into, series_key& key) noexcept {
  std::size_t at = key.hash & into.mask;
  // relaxed: only insert() writes slots, and there is one of it at a time.
  while (into.places[at].load(std::memory_order_relaxed) != nullptr) at = (at + 1) & into.mask;
  // release: pairs with the acquire in find(); publishes the key and its series.
  into.places[at].store(&key, std::memory_order_release);
}

void series_index::reserve_one() {
  // At most half full: a miss then looks at about two slots.
  if (2 * (count_ + 1) <= tables_.back()->places.size()) return;
  auto larger = std::make_unique<table>(2 * tables_.back()->places.size());
  for (const auto& slot : tables_.back()->places) {
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
