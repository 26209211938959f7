// What an access log in a file costs by its bytes alone.
#pragma once

#include <weir/metrics.hpp>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>

namespace bench {

/// A thread that writes a line for each request, as long as weir's for GET /hello, and the same for all: nothing is
/// passed to it but how many there were, and nothing is rendered. It sleeps and writes in the rhythm of weir's own.
/// What is left is write(2) of the bytes and a processor to do it.
class written_lines {
 public:
  /// Errors: throws std::system_error if the file cannot be opened.
  written_lines(const std::string& path, const weir::counter& requests);

  /// Writes the lines that are missing. Errors: throws std::system_error if one could not be written.
  void finish();

 private:
  void write_missing();

  const weir::counter& requests_;
  const std::string lines_; // as many as are written at once
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
  std::uint64_t written_ = 0;
  std::jthread thread_; // the last: it uses the others
};

} // namespace bench
