// What sinks that write lines have in common.
#pragma once

#include "weir/log/renderer.hpp"
#include "weir/log/sink.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

namespace weir {

/// A sink that renders into a buffer and hands whole batches of lines to the descriptor below.
class line_sink : public sink {
 public:
  /// Throws std::invalid_argument if `renderer` is null.
  line_sink(std::string name, std::unique_ptr<renderer> renderer);
  ~line_sink() override;
  void append(const record& entry) override;
  commit_result commit() final;

 protected:
  struct write_result {
    std::size_t taken = 0; // bytes
    std::error_code error{};
    std::string_view attempt = {}; // as in commit_result
  };
  /// Writes `lines`; what was taken counts in whole lines.
  virtual write_result write(std::string_view lines) = 0;

  /// The lines appended since the last commit, for an append() that adds to the line it has just appended.
  text_buffer& lines() noexcept { return *buffer_; }
  const renderer& lines_from() const noexcept { return *renderer_; }

 private:
  std::unique_ptr<renderer> renderer_;
  std::unique_ptr<text_buffer> buffer_;
  std::size_t pending_ = 0;
};

} // namespace weir
