#include "file_sender.hpp"

#include "weir/asio/sleep.hpp"

#include <boost/asio/buffer.hpp>

#include <algorithm>
#include <stdexcept>
#include <system_error>

namespace weir::detail {
namespace {

// With a limit, so many chunks a second: the flow is even, and the end of the context is not long in coming.
constexpr std::uint64_t chunks_per_second = 8;

std::size_t chunk_bytes(const download_options& options, std::uint64_t most) noexcept {
  std::uint64_t bytes = std::min<std::uint64_t>(options.buffer_bytes, most);
  if (options.bytes_per_second != 0) bytes = std::min(bytes, options.bytes_per_second / chunks_per_second + 1);
  return static_cast<std::size_t>(bytes);
}

} // namespace

file_sender::file_sender(const context& ctx, http_response& response, const served_file& file,
                         const download_options& options, std::uint64_t most)
    : ctx_(ctx),
      response_(response),
      file_(file),
      bytes_per_second_(options.bytes_per_second),
      chunk_bytes_(chunk_bytes(options, most)),
      buffer_(std::make_unique_for_overwrite<char[]>(chunk_bytes_)) {}

boost::asio::awaitable<bool> file_sender::send(byte_range part) {
  while (part.length != 0) {
    if (bytes_per_second_ != 0 && !co_await await_turn()) co_return false;
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(part.length, chunk_bytes_));
    std::error_code error;
    const std::size_t bytes = file_.read(part.first, {buffer_.get(), wanted}, error);
    if (error) throw std::system_error(error, "reading a file to send");
    if (bytes != wanted) throw std::runtime_error("the file has become shorter while it was sent");
    if (co_await response_.write(boost::asio::buffer(buffer_.get(), bytes))) co_return false;
    if (bytes_per_second_ != 0)
      next_ += std::chrono::nanoseconds(std::chrono::seconds(1)) * bytes / bytes_per_second_;
    part.first += bytes;
    part.length -= bytes;
  }
  co_return true;
}

/// What a slow client has not used of its rate is gone: nobody is sent more in any second.
boost::asio::awaitable<bool> file_sender::await_turn() {
  const auto now = clock::now();
  if (next_ <= now) {
    next_ = now;
    co_return true;
  }
  const std::error_code ended = co_await sleep_for(ctx_, next_ - now);
  co_return !ended;
}

boost::asio::awaitable<void> send_range(const http_request& request, http_response& response, const served_file& file,
                                        const download_options& options, byte_range range) {
  if (co_await response.start(range.length) || request.method() == "HEAD") co_return;
  file_sender sender(request.ctx(), response, file, options, range.length);
  co_await sender.send(range);
}

boost::asio::awaitable<void> send_ranges(const http_request& request, http_response& response,
                                         const served_file& file, const download_options& options,
                                         std::span<const byte_range> ranges, const multipart& frame) {
  if (co_await response.start(frame.length)) co_return;
  const std::uint64_t most = std::ranges::max_element(ranges, {}, &byte_range::length)->length;
  file_sender sender(request.ctx(), response, file, options, most);
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    if (co_await response.write(boost::asio::buffer(frame.heads[i]))) co_return;
    if (!co_await sender.send(ranges[i])) co_return;
  }
  co_await response.write(boost::asio::buffer(frame.end));
}

} // namespace weir::detail
