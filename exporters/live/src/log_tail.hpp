// The page's share of the log: the last records, as JSON, and those that the flight recorder kept for a request.
#pragma once

#include "weir/correlation.hpp"
#include "weir/log/renderer.hpp"
#include "weir/log/sink.hpp"
#include "weir/log/text_buffer.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace weir::detail {

/// A sink that keeps little of much: beyond a number of records a second, it counts them and that is all. What is not
/// a sink's is thread-safe.
class log_tail final : public sink {
 public:
  log_tail(std::size_t records, unsigned per_second);

  void append(const record& entry) override;
  commit_result commit() override { return {}; }

  /// Appends the records that are kept and came after number `since`, each as `[number,{record}]`, with commas
  /// between them; `up_to`: the last of them. Errors: std::bad_alloc.
  void append_since(std::uint64_t since, std::uint64_t up_to, text_buffer& out) const;
  struct counts {
    std::uint64_t last = 0;        ///< the number of the last record
    std::uint64_t passed_over = 0; ///< those that were only counted
    std::uint64_t recorded = 0;    ///< those of the flight recorder
  };
  counts so_far() const;

  /// Appends what the flight recorder kept for this span, as JSON objects with commas between them.
  void append_recorded(std::uint64_t span, text_buffer& out) const;

 private:
  struct share {
    std::int64_t second = 0;
    unsigned taken = 0;
    bool take(std::int64_t now, unsigned most) noexcept;
  };
  struct numbered {
    std::uint64_t number;
    std::string json;
  };
  struct recording {
    std::uint64_t span;
    std::vector<std::string> lines;
  };

  std::string_view render(const record& entry);
  void keep_recorded(const record& entry, std::string_view json);

  const std::size_t records_;
  const unsigned per_second_;
  // Of the backend.
  const std::unique_ptr<renderer> renderer_;
  text_buffer line_;
  std::array<share, 3> shares_{}; // ordinary, from warn on, recorded
  std::atomic<std::uint64_t> passed_over_{0};

  mutable std::mutex mutex_; // for what follows
  std::deque<numbered> kept_;
  std::deque<recording> recordings_;
  std::uint64_t last_ = 0, recorded_ = 0;
};

} // namespace weir::detail
