#include "weir/log/write_record.hpp"

namespace weir::detail {

void write_any_record(const record_source& source, const call_site& site, level severity, std::size_t bytes,
                      std::size_t cut, value_writer values) noexcept {
  const correlation* const ids = current_correlation;
  const carried_fields* const of_context = ids != nullptr ? ids->fields : nullptr;
  const std::size_t carried = carried_size(source.fields, of_context);
  const std::size_t size = padded(sizeof(record_header) + (ids != nullptr ? recorded_ids : 0) + carried + bytes +
                                  (cut != 0 ? sizeof(std::uint64_t) : 0));
  const auto write_at = [&](std::byte* place) {
    auto* const header = new (place) record_header;
    header->ticks = record_clock_now();
    std::byte* at = write_front(*header, site, source.state, size,
                                record_header::pack(severity, ids != nullptr, carried != 0, cut != 0), ids);
    if (carried != 0) at = write_carried(at, source.fields, of_context);
    values.write(values.values, at);
    if (cut != 0) std::memcpy(place + size - sizeof cut, &cut, sizeof cut);
  };
  cursor& mine = this_thread_cursor;
  // What has begun was at its level then. relaxed: a threshold orders nothing.
  if (severity < source.written_from.load(std::memory_order_relaxed) && !has_begun(mine)) {
    if (ids == nullptr || ids->tape == nullptr) return;
    const auto bytes_to_keep = static_cast<std::uint32_t>(size);
    std::byte* const place = ids->tape->begin(ids->recording_round, *source.stream, bytes_to_keep);
    if (place == nullptr) return;
    write_at(place);
    ids->tape->finish(bytes_to_keep);
    return;
  }
  if (!has_room(mine, source.stream, size) && open_chunk(*source.stream, *source.state, size) == nullptr) return;
  begin_record(mine);
  write_at(mine.at);
  publish(*source.stream, mine, static_cast<std::uint32_t>(size), severity);
}

} // namespace weir::detail
