// The last part of a record's way: to the sinks, in batches, with an account of what they did not take.
#pragma once

#include "log/error_reports.hpp"
#include "log/losses.hpp"
#include "log/stream_core.hpp"
#include "weir/log/chunk.hpp"
#include "weir/log/record.hpp"
#include "weir/log/sink.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <system_error>
#include <vector>

namespace weir::detail {

/// Backend-thread-only. Nothing that a sink does gets out of here as an exception.
class delivery {
 public:
  explicit delivery(stream_core& core);

  /// Takes over the sinks that loggers have brought since the last call. To be called between batches. Throws
  /// std::bad_alloc, and has then changed nothing.
  void refresh();

  /// Offers a record, whose header in its chunk is `header`, to the sinks of its logger. Commits when the batch is
  /// full.
  void deliver(const record& entry, const record_header& header) noexcept;

  /// Writes a line of the stream's own to the default sinks, behind the batch; it is not counted as a record. Returns
  /// false if it is to be tried again: there are sinks whose threshold it reaches, and none of them took it.
  bool announce(const record& entry) noexcept;

  /// Has the sinks write, and counts what became of the batch.
  void commit() noexcept;

  /// Flushes the sinks that have something to flush, and says what the first of them to fail met.
  std::error_code flush_sinks() noexcept;
  bool has_unflushed() const noexcept;

  /// What a sink lost something to, most lately.
  std::error_code last_loss() const noexcept { return last_loss_; }

  /// Answers the callers that wait for what has been committed: one flush, or one sync if any of them wants that,
  /// does for all.
  void answer(const request_list& due) noexcept;

  /// Counts an error of the stream's own, and says so on standard error, once a second at most.
  void note_error(std::string_view who, std::string_view what, std::size_t lost) noexcept;

 private:
  void note_sink_error(std::size_t sink_index, std::string_view attempt, std::string_view what,
                       std::size_t lost) noexcept;
  void note_refusal(std::size_t sink_index, std::size_t place) noexcept;
  void account(std::size_t sink_index) noexcept;
  std::size_t mark_lost(std::size_t sink_index, std::size_t count) noexcept;
  loss take_lost() noexcept;
  template <class Call>
  std::error_code attempt(std::size_t sink_index, std::string_view what_for, Call call) noexcept;
  std::error_code sync_sinks() noexcept;

  stream_core& core_;
  const std::function<void(const batch_report&)> on_batch_;
  std::vector<std::shared_ptr<sink>> sinks_;
  // [sink_index]: whether it has taken records since its last flush(), and since its last sync().
  std::vector<std::uint8_t> unflushed_, unsynced_;
  std::error_code last_loss_;

  // The batch: records since the last commit, and for each sink what it has done with each.
  std::size_t records_ = 0;
  std::size_t bytes_ = 0;
  enum fate : std::uint8_t { not_offered, taken, refused, not_written };
  std::vector<std::uint8_t> fates_;   // [sink_index * batch_records + record]
  std::vector<std::uint32_t> errors_; // [sink_index]
  std::vector<std::uint8_t> lost_;    // [record]
  std::vector<std::uint64_t> ticks_;  // [record]
  bool any_lost_ = false;

  error_reports own_reports_;
  std::vector<error_reports> reports_; // [sink_index]
};

} // namespace weir::detail
