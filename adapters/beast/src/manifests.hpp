// Lists of a file's blocks and their hashes: made on threads of their own, and remembered.
#pragma once

#include "weir/beast/files.hpp"
#include "weir/context.hpp"
#include "weir/http/served_directory.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>

#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace weir::detail {

/// The most recently used texts, as far as they fit. Thread-safe.
class text_cache {
 public:
  explicit text_cache(std::size_t limit_bytes) noexcept : limit_bytes_(limit_bytes) {}

  /// nullptr if it is not there.
  std::shared_ptr<const std::string> find(const std::string& key);
  /// One that does not fit at all is not kept.
  void add(const std::string& key, std::shared_ptr<const std::string> text);

 private:
  struct entry {
    std::string key;
    std::shared_ptr<const std::string> text;
    std::size_t bytes() const noexcept { return 2 * key.size() + text->size() + overhead; }
    static constexpr std::size_t overhead = 256; // of the list, the map and the allocator, about
  };

  std::mutex mutex_;
  const std::size_t limit_bytes_;
  std::size_t bytes_ = 0;
  std::list<entry> entries_; // the most recently used first
  std::map<std::string, std::list<entry>::iterator, std::less<>> by_key_;
};

/// Thread-safe. Its destructor waits for what its threads are doing, which is over soon after the contexts are done.
class manifests {
 public:
  explicit manifests(const manifest_options& options);
  manifests(const manifests&) = delete;
  manifests& operator=(const manifests&) = delete;
  ~manifests();

  /// The manifest of `file`, whose entity tag is `tag`, as JSON; nullptr if `ctx` has ended before it was there, or
  /// if the file was changed meanwhile. Errors: std::system_error if it cannot be read.
  boost::asio::awaitable<std::shared_ptr<const std::string>> get(context ctx, served_file file, std::string tag);

 private:
  struct job;

  const manifest_options options_;
  text_cache cache_;
  boost::asio::thread_pool threads_;
};

/// The size of the blocks of a file: `least`, doubled until there are at most 16384 of them.
std::uint64_t block_bytes_of(std::uint64_t file_bytes, std::uint64_t least) noexcept;

} // namespace weir::detail
