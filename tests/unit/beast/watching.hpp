// Looks at the client watch from outside, and runs its io_context until something has happened.
#pragma once

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

namespace weir_test {

/// Whether any epoll set of this process has that descriptor in it.
inline bool is_armed(int descriptor) {
  for (const auto& each : std::filesystem::directory_iterator("/proc/self/fdinfo")) {
    std::ifstream lines(each.path());
    std::string word;
    int number = 0;
    while (lines >> word)
      if (word == "tfd:" && lines >> number && number == descriptor) return true;
  }
  return false;
}

/// Runs the io_context until that holds; false if it does not within ten seconds.
template <class Condition>
bool run_until(boost::asio::io_context& io, Condition condition) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > limit) return false;
    io.restart();
    io.run_one_for(std::chrono::milliseconds(10));
  }
  return true;
}

} // namespace weir_test
