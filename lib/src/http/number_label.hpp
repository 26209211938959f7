// Numbers as values of labels.
#pragma once

#include <charconv>
#include <cstddef>
#include <string_view>

namespace weir::detail {

/// A status or a port as text, "" for 0, which stands for none.
class number_label {
 public:
  explicit number_label(unsigned number) noexcept {
    if (number != 0) size_ = static_cast<std::size_t>(std::to_chars(text_, text_ + sizeof text_, number).ptr - text_);
  }
  operator std::string_view() const noexcept { return {text_, size_}; } // NOLINT: stands for its text

 private:
  char text_[10];
  std::size_t size_ = 0;
};

} // namespace weir::detail
