// The memory sink: the last lines, for a debug page or a crash report.
#pragma once

#include "weir/log/line_sink.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

/// What is kept. A value outside its range throws std::invalid_argument naming it.
struct memory_options {
  /// Lines; 1 to 10 million, default 1000.
  std::size_t lines = 1000;
  /// All lines together; 1 KiB to 1 GiB, default 1 MiB. The last line is kept however long it is.
  std::size_t bytes = std::size_t{1} << 20;
};

/// The last lines of a log. snapshot() and clear() are thread-safe.
class memory_ring final : public line_sink {
 public:
  explicit memory_ring(memory_options options = {}, std::unique_ptr<renderer> renderer = as_text());
  ~memory_ring() override;

  /// The lines that are kept, the oldest first, without line feeds. What was just logged is there after a flush of
  /// the stream. Cost: a copy of them all, under the lock that the backend takes once a batch.
  std::vector<std::string> snapshot() const;
  void clear();

 private:
  write_result write(std::string_view lines) override;

  struct kept;
  const std::unique_ptr<kept> kept_;
};

/// std::make_shared of it.
std::shared_ptr<memory_ring> memory_sink(memory_options options = {}, std::unique_ptr<renderer> renderer = as_text());

} // namespace weir
