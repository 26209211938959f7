// What the targets share: the input taken apart, and what a finding is.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

/// A finding, if it does not.
inline void must(bool holds) {
  if (!holds) std::abort();
}

/// Takes the input apart, front to back; what is no longer there is zero.
class input {
 public:
  input(const std::uint8_t* data, std::size_t size) : at_(data), left_(size) {}
  template <class T>
  T value() {
    T all{};
    const std::size_t n = std::min(sizeof all, left_);
    std::memcpy(&all, at_, n);
    skip(n);
    return all;
  }
  bool is_at_end() const { return left_ == 0; }
  /// Up to 255 bytes.
  std::string text() {
    const std::size_t n = std::min<std::size_t>(value<std::uint8_t>(), left_);
    std::string all(reinterpret_cast<const char*>(at_), n);
    skip(n);
    return all;
  }
  /// All that is left.
  std::string rest() {
    std::string all(reinterpret_cast<const char*>(at_), left_);
    skip(left_);
    return all;
  }

 private:
  void skip(std::size_t n) {
    at_ += n;
    left_ -= n;
  }
  const std::uint8_t* at_;
  std::size_t left_;
};
