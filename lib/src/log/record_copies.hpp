// Copies of records, for sinks that keep them beyond the call.
#pragma once

#include "weir/log/record.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace weir::detail {

/// Records one behind the other in one block of memory. One thread at a time.
class record_copies {
 public:
  /// Throws std::bad_alloc, and has then added nothing.
  void add(const record& entry);
  /// What that takes.
  static std::size_t size_of(const record& entry) noexcept;

  std::size_t count() const noexcept { return count_; }
  std::size_t bytes() const noexcept { return bytes_.size(); }

  /// The record at `at`, from 0, which then is the next one's place, until bytes(); also if it throws, as record's
  /// constructor does. The record is valid as long as nothing is added. Its plan is the calling thread's: this may
  /// outlive the thread that made the original.
  record read(std::size_t& at) const;

 private:
  struct header {
    const call_site* site;
    std::int64_t unix_nanoseconds;
    std::uint64_t cut_bytes;
    correlation ids;
    std::uint32_t argument_bytes, name_bytes, carried_bytes; // in this order behind it
    std::uint32_t thread_id;
    level severity;
    bool has_ids, recorded;
    std::size_t size() const noexcept; // of the whole copy
  };
  static header header_of(const record& entry) noexcept;
  static std::size_t argument_bytes(const record& entry) noexcept;
  static std::size_t carried_bytes(const record& entry) noexcept;

  std::vector<std::byte> bytes_;
  std::size_t count_ = 0;
};

} // namespace weir::detail
