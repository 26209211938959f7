// Visitors of a live page, with the headers that a test gives them.
#pragma once

#include "weir/live.hpp"

#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace weir_test {

/// Who comes; lives as long as its visitor.
struct visit {
  std::string peer = "127.0.0.1", target = "/weir";
  std::map<std::string, std::string, std::less<>> headers{{"Host", "localhost:8080"}};

  weir::live_visitor visitor() const {
    return {peer, target,
            [this](std::string_view name) -> std::string_view {
              const auto found = headers.find(name);
              return found == headers.end() ? std::string_view() : found->second;
            },
            [this](std::string_view name) { return headers.contains(name); }};
  }
};

/// The value of that header, or "(absent)".
inline std::string header_of(const weir::live_answer& answer, std::string_view name) {
  for (const auto& [each, value] : answer.headers)
    if (each == name) return std::string(value);
  return "(absent)";
}

} // namespace weir_test
