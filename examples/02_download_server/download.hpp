// Serves the files of one directory, in chunks.
#pragma once

#include <weir/beast.hpp>

#include <string>

/// Opened once: names are looked up in this directory even if its path is given to another later.
class download_directory {
 public:
  /// Throws std::system_error naming the path if it cannot be opened.
  explicit download_directory(const std::string& path);
  ~download_directory();
  download_directory(const download_directory&) = delete;
  download_directory& operator=(const download_directory&) = delete;

  /// Answers GET /download/{file}. The file goes out through one buffer, whatever its size; between two chunks, and
  /// in the middle of one that the client does not take, the download ends when the request's context does.
  boost::asio::awaitable<void> operator()(weir::http_request& request, weir::http_response& response) const;

 private:
  int descriptor_;
};
