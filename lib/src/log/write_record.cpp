#include "weir/log/write_record.hpp"

namespace weir::detail {

void write_any_record(const record_source& source, const call_site& site, level severity, std::size_t bytes,
                      std::size_t cut, value_writer values) noexcept {
  const correlation* const ids = current_correlation;
  const carried_fields* const of_context = ids != nullptr ? ids->fields : nullptr;
  const std::size_t carried = carried_size(source.fields, of_context);
  const std::size_t size = padded(sizeof(record_header) + (ids != nullptr ? recorded_ids : 0) + carried + bytes +
                                  (cut != 0 ? sizeof(std::uint64_t) : 0));
  cursor& mine = this_thread_cursor;
  if (!has_room(mine, *source.stream, size) && open_chunk(*source.stream, *source.state, size) == nullptr) return;
  begin_record(mine);
  auto* const header = new (mine.at) record_header;
  header->ticks = record_clock_now();
  std::byte* at = write_front(*header, site, source.state, size,
                              record_header::pack(severity, ids != nullptr, carried != 0, cut != 0), ids);
  if (carried != 0) at = write_carried(at, source.fields, of_context);
  values.write(values.values, at);
  if (cut != 0) std::memcpy(mine.at + size - sizeof cut, &cut, sizeof cut);
  publish(*source.stream, mine, static_cast<std::uint32_t>(size), severity);
}

} // namespace weir::detail
