// Writes a line at the end of a buffer through one pointer, so that its many small parts cost no bookkeeping each.
#pragma once

#include "log/escape.hpp"
#include "weir/log/text_buffer.hpp"

#include <cstddef>
#include <cstring>
#include <string_view>

namespace weir::detail {

/// The buffer has its new size when the writer goes, or yields.
class line_writer {
 public:
  explicit line_writer(text_buffer& out) noexcept : out_(out) { resume(); }
  ~line_writer() { save(); }
  line_writer(const line_writer&) = delete;
  line_writer& operator=(const line_writer&) = delete;

  /// The place for at least `bytes` more, then said to be written by advance_to(). Throws std::bad_alloc.
  char* reserve(std::size_t bytes) {
    if (static_cast<std::size_t>(end_ - at_) < bytes) [[unlikely]]
      grow(bytes);
    return at_;
  }
  void advance_to(char* end) noexcept { at_ = end; }

  void append(std::string_view text) {
    char* const at = reserve(text.size());
    if (!text.empty()) std::memcpy(at, text.data(), text.size());
    at_ = at + text.size();
  }
  void append(char c) {
    *reserve(1) = c;
    ++at_;
  }

  /// A string constant that is followed by at least `padding` readable bytes. Cost: two moves up to 16 bytes, four up
  /// to 32.
  static constexpr std::size_t padding = 16;
  void append_padded(std::string_view text) { at_ = write_padded(reserve(text.size() + padding), text); }
  /// The same where the caller has reserved padding behind `text`.
  static char* write_padded(char* at, std::string_view text) noexcept {
    const char* const from = text.data();
    std::memcpy(at, from, padding);
    if (text.size() > padding) {
      std::memcpy(at + padding, from + padding, padding);
      // No loop: compilers make a call of it.
      if (text.size() > 2 * padding) [[unlikely]]
        std::memcpy(at + 2 * padding, from + 2 * padding, text.size() - 2 * padding);
    }
    return at + text.size();
  }

  void append_escaped(std::string_view text, field_style style) {
    char* const at = reserve(text.size());
    if (copy_if_plain(at, text, style)) {
      at_ = at + text.size();
      return;
    }
    detail::append_escaped(yield(), text, style);
    resume();
  }

  /// The buffer, for others to append to. Then resume().
  text_buffer& yield() noexcept {
    save();
    return out_;
  }
  void resume() noexcept {
    at_ = out_.data() + out_.size();
    end_ = out_.data() + out_.capacity();
  }

 private:
  void save() noexcept { out_.resize(static_cast<std::size_t>(at_ - out_.data())); } // within its capacity
  void grow(std::size_t bytes) {
    save();
    out_.reserve(out_.size() + bytes);
    resume();
  }

  text_buffer& out_;
  char* at_;
  char* end_;
};

} // namespace weir::detail
