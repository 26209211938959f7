// Reads off a response's bytes, as they are sent, what is told about it.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::detail {

/// Learns the status and the size of the body from what httplib writes: one header, then the body as it is or in
/// chunks. It reads our own server's output, and is no parser for anybody else's.
class response_meter {
 public:
  /// Errors: std::bad_alloc.
  void sent(std::string_view bytes) {
    while (!bytes.empty()) bytes.remove_prefix(take(bytes));
  }

  /// Of the header, once it has been sent to its end; 0 before.
  unsigned status() const noexcept { return status_; }
  /// Without the framing of chunks.
  std::uint64_t body_bytes() const noexcept { return body_bytes_; }

  /// Whether all was sent that the header announced; nothing if it announced no end but the connection's.
  std::optional<bool> is_whole() const noexcept {
    if (part_ == part::body && length_) return body_bytes_ == *length_;
    if (part_ == part::body) return std::nullopt;
    return part_ == part::end;
  }

 private:
  enum class part { header, body, chunk_size, chunk, chunk_end, end };

  /// Returns how many of them it took.
  std::size_t take(std::string_view bytes) {
    switch (part_) {
    case part::header:
      return take_line(bytes, "\r\n\r\n", &response_meter::end_header);
    case part::chunk_size:
      return take_line(bytes, "\r\n", &response_meter::end_chunk_size);
    case part::chunk_end:
      return take_line(bytes, "\r\n", &response_meter::end_chunk);
    case part::body:
      body_bytes_ += bytes.size();
      return bytes.size();
    case part::end:
      return bytes.size();
    case part::chunk:
      break;
    }
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), left_of_chunk_));
    body_bytes_ += size;
    left_of_chunk_ -= size;
    if (left_of_chunk_ == 0) part_ = part::chunk_end;
    return size;
  }

  /// Collects up to and with `end`, which may come in pieces.
  std::size_t take_line(std::string_view bytes, std::string_view end, void (response_meter::*then)()) {
    const std::size_t before = text_.size();
    text_ += bytes;
    const std::size_t found = text_.find(end, before < end.size() ? 0 : before - end.size() + 1);
    if (found == text_.npos) return bytes.size();
    text_.resize(found + end.size());
    const std::size_t taken = text_.size() - before;
    (this->*then)();
    text_.clear();
    return taken;
  }

  void end_header() {
    const std::string_view header = text_;
    // What has no fields is interim: 100, and httplib's 417, which it lets an answer follow.
    if (header.find("\r\n") == header.size() - 4) return;
    const auto first_space = (std::min)(header.find(' '), header.size() - 1);
    std::from_chars(header.data() + first_space + 1, header.data() + header.size(), status_);
    part_ = header.find("\r\nTransfer-Encoding: chunked\r\n") != header.npos ? part::chunk_size : part::body;
    constexpr std::string_view length = "\r\nContent-Length: ";
    if (const auto found = header.find(length); found != header.npos)
      std::from_chars(header.data() + found + length.size(), header.data() + header.size(), length_.emplace());
  }
  void end_chunk_size() {
    left_of_chunk_ = 0;
    std::from_chars(text_.data(), text_.data() + text_.size(), left_of_chunk_, 16);
    is_last_chunk_ = left_of_chunk_ == 0;
    part_ = is_last_chunk_ ? part::chunk_end : part::chunk;
  }
  void end_chunk() { part_ = is_last_chunk_ ? part::end : part::chunk_size; }

  part part_ = part::header;
  unsigned status_ = 0;
  std::uint64_t body_bytes_ = 0, left_of_chunk_ = 0;
  std::optional<std::uint64_t> length_;
  bool is_last_chunk_ = false;
  std::string text_;
};

} // namespace weir::detail
