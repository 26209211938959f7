// Sends parts of a file through one buffer, at a limited rate.
#pragma once

#include "multipart.hpp"
#include "weir/beast/files.hpp"
#include "weir/context.hpp"
#include "weir/http/byte_ranges.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace weir::detail {

/// One response's. Lives on the session's executor; what it refers to outlives it.
class file_sender {
 public:
  /// `most`: the longest part there will be.
  file_sender(const context& ctx, http_response& response, const served_file& file, const download_options& options,
              std::uint64_t most);

  /// False if the client has gone or the context has ended. Throws as serve_file().
  boost::asio::awaitable<bool> send(byte_range part);

 private:
  using clock = std::chrono::steady_clock;

  boost::asio::awaitable<bool> await_turn();

  const context& ctx_;
  http_response& response_;
  const served_file& file_;
  const std::uint64_t bytes_per_second_;
  const std::size_t chunk_bytes_;
  const std::unique_ptr<char[]> buffer_;
  clock::time_point next_{}; // when the next chunk may go out, of a limited one
};

/// Sends the response, whose header is set: its body is one range of the file.
boost::asio::awaitable<void> send_range(const http_request& request, http_response& response, const served_file& file,
                                        const download_options& options, byte_range range);

/// Sends the response, whose header is set: its body is several ranges of the file, and their frame.
boost::asio::awaitable<void> send_ranges(const http_request& request, http_response& response,
                                         const served_file& file, const download_options& options,
                                         std::span<const byte_range> ranges, const multipart& frame);

} // namespace weir::detail
