// What the parameters of a route's template matched.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir {

/// Names and values, percent-decoded, in the template's order. A value, which refers to nothing outside of it. Used
/// again it keeps its memory, so that in steady state a request's parameters cost no allocation.
class path_params {
 public:
  /// "" if there is none of that name.
  std::string_view operator[](std::string_view name) const noexcept {
    for (std::size_t i = 0; i < size(); ++i)
      if (text(2 * i) == name) return text(2 * i + 1);
    return {};
  }
  bool has(std::string_view name) const noexcept {
    for (std::size_t i = 0; i < size(); ++i)
      if (text(2 * i) == name) return true;
    return false;
  }
  std::size_t size() const noexcept { return ends_.size() / 2; }
  /// Name and value. `index` is below size().
  std::pair<std::string_view, std::string_view> at(std::size_t index) const noexcept {
    return {text(2 * index), text(2 * index + 1)};
  }

  void clear() noexcept {
    text_.clear();
    ends_.clear();
  }
  /// `raw` is without a broken percent escape. Throws std::bad_alloc.
  void add(std::string_view name, std::string_view raw);

 private:
  std::string_view text(std::size_t index) const noexcept {
    const std::uint32_t begin = index == 0 ? 0 : ends_[index - 1];
    return std::string_view(text_).substr(begin, ends_[index] - begin);
  }

  std::string text_; // name, value, name, value, …
  std::vector<std::uint32_t> ends_;
};

} // namespace weir
