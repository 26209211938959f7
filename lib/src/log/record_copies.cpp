#include "log/record_copies.hpp"

#include "log/message_plan.hpp"

#include <cstring>

namespace weir::detail {

namespace {
constexpr std::size_t alignment = alignof(std::uint64_t);
constexpr std::size_t aligned(std::size_t bytes) noexcept { return (bytes + alignment - 1) / alignment * alignment; }
} // namespace

std::size_t record_copies::argument_bytes(const record& entry) noexcept {
  const std::byte* end = entry.plan_->end_of(entry.at_);
  if (end != nullptr) return static_cast<std::size_t>(end - entry.arguments_);
  return entry.site_->located ? sizeof(call_text) : 0;
}

std::size_t record_copies::carried_bytes(const record& entry) noexcept {
  if (entry.carried_ == nullptr) return 0;
  const std::byte* end = entry.carried_;
  static_cast<void>(read_carried(end));
  return static_cast<std::size_t>(end - entry.carried_);
}

record_copies::header record_copies::header_of(const record& entry) noexcept {
  // Of the ids a record has the numbers only: see recorded_ids.
  const correlation* const ids = entry.ids_;
  return {.site = entry.site_,
          .unix_nanoseconds = entry.unix_nanoseconds_,
          .cut_bytes = entry.cut_bytes_,
          .ids = ids != nullptr ? correlation{ids->trace_id_high, ids->trace_id_low, ids->span_id} : correlation{},
          .argument_bytes = static_cast<std::uint32_t>(argument_bytes(entry)),
          .name_bytes = static_cast<std::uint32_t>(entry.logger_name_.size()),
          .carried_bytes = static_cast<std::uint32_t>(carried_bytes(entry)),
          .thread_id = entry.thread_id_,
          .severity = entry.severity_,
          .has_ids = entry.ids_ != nullptr,
          .recorded = entry.recorded_};
}

std::size_t record_copies::header::size() const noexcept {
  return aligned(sizeof(header) + argument_bytes + name_bytes + carried_bytes);
}

std::size_t record_copies::size_of(const record& entry) noexcept { return header_of(entry).size(); }

void record_copies::add(const record& entry) {
  const header head = header_of(entry);
  const std::size_t begin = bytes_.size();
  bytes_.resize(begin + head.size());
  std::byte* at = bytes_.data() + begin;
  const auto put = [&](const void* from, std::size_t size) {
    if (size != 0) std::memcpy(at, from, size);
    at += size;
  };
  put(&head, sizeof head);
  put(entry.arguments_, head.argument_bytes);
  put(entry.logger_name_.data(), head.name_bytes); // the name is the stream's, which this may outlive
  put(entry.carried_, head.carried_bytes);
  ++count_;
}

record record_copies::read(std::size_t& at) const {
  const std::byte* begin = bytes_.data() + at;
  header head;
  std::memcpy(&head, begin, sizeof head);
  at += head.size();
  const std::byte* arguments = begin + sizeof head;
  const std::byte* name = arguments + head.argument_bytes;
  const std::byte* carried = name + head.name_bytes;
  const auto* ids = reinterpret_cast<const correlation*>(begin + offsetof(header, ids));
  return {*head.site,
          head.severity,
          arguments,
          {reinterpret_cast<const char*>(name), head.name_bytes},
          head.unix_nanoseconds,
          head.has_ids ? ids : nullptr,
          head.carried_bytes != 0 ? carried : nullptr,
          head.cut_bytes,
          head.thread_id,
          head.recorded};
}

} // namespace weir::detail
