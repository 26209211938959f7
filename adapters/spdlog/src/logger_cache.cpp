#include "logger_cache.hpp"

#include <functional>
#include <memory>
#include <new>

namespace weir::detail {

logger_cache::logger_cache(log_stream& stream) : stream_(stream), unnamed_(stream.get_logger("main")) {}

logger_cache::~logger_cache() {
  for (const auto& bucket : buckets_) {
    // relaxed: nobody else is here any more.
    const entry* each = bucket.load(std::memory_order_relaxed);
    while (each != nullptr) {
      const std::unique_ptr<const entry> gone(each);
      each = gone->next;
    }
  }
}

logger& logger_cache::find(std::string_view name) noexcept {
  if (name.empty()) return unnamed_;
  auto& bucket = buckets_[std::hash<std::string_view>()(name) % bucket_count];
  // acquire: pairs with the release in add(); an entry that is seen is complete, as are those behind it.
  for (const entry* each = bucket.load(std::memory_order_acquire); each != nullptr; each = each->next)
    if (each->name == name) return each->to;
  try {
    return add(bucket, name);
  } catch (const std::bad_alloc&) {
    return unnamed_;
  }
}

logger& logger_cache::add(std::atomic<const entry*>& bucket, std::string_view name) {
  // relaxed: the exchange below looks again.
  auto fresh = std::make_unique<entry>(
      entry{std::string(name), stream_.get_logger(name), bucket.load(std::memory_order_relaxed)});
  // Two threads may add the same name: both entries lead to the same logger.
  // release: pairs with the acquire in find(), also for the entries behind, as each exchange continues the release
  // sequence of the one before. relaxed: a failed try reads no entry.
  while (
      !bucket.compare_exchange_weak(fresh->next, fresh.get(), std::memory_order_release, std::memory_order_relaxed)) {
  }
  return fresh.release()->to;
}

} // namespace weir::detail
