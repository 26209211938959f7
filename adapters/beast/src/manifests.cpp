#include "manifests.hpp"

#include "sha256.hpp"
#include "start_thread.hpp"
#include "weir/asio/sleep.hpp"

#include <boost/asio/post.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <utility>
#include <vector>

namespace weir::detail {

namespace asio = boost::asio;

namespace {

constexpr std::uint64_t most_blocks = 16384;
// Between two looks at the context.
constexpr std::size_t read_bytes = 256 * 1024;

std::string escaped(std::string_view tag) {
  std::string text;
  for (const char c : tag) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text;
}

asio::thread_pool start_pool(std::size_t threads) {
  const signals_blocked in_its_threads;
  return asio::thread_pool(threads);
}

/// Hashes block after block; empty once the context has ended, or the file is shorter than it was.
std::vector<std::string> hash_blocks(const context& ctx, const served_file& file, std::uint64_t block_bytes) {
  std::vector<std::string> hashes;
  const std::uint64_t size = file.facts().size;
  const auto buffer = std::make_unique_for_overwrite<char[]>(read_bytes);
  sha256 hash;
  for (std::uint64_t at = 0; at < size;) {
    if (ctx.done()) return {};
    const std::uint64_t block_end = std::min(size, at - at % block_bytes + block_bytes);
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(block_end - at, read_bytes));
    std::error_code error;
    const std::size_t bytes = file.read(at, {buffer.get(), wanted}, error);
    if (error) throw std::system_error(error, "reading a file for its manifest");
    if (bytes != wanted) return {};
    hash.update({buffer.get(), bytes});
    at += bytes;
    if (at == block_end) hashes.push_back(hash.finish());
  }
  return hashes;
}

std::string to_json(std::string_view tag, std::uint64_t size, std::uint64_t block_bytes,
                    const std::vector<std::string>& hashes) {
  std::string text =
      fmt::format(R"({{"etag":"{}","size":{},"block_size":{},"block_count":{},"algorithm":"sha-256","blocks":[)",
                  escaped(tag), size, block_bytes, hashes.size());
  for (const std::string& hash : hashes) {
    if (&hash != &hashes.front()) text += ',';
    text.append("\"").append(hash).append("\"");
  }
  text += "]}\n";
  return text;
}

} // namespace

std::uint64_t block_bytes_of(std::uint64_t file_bytes, std::uint64_t least) noexcept {
  while (file_bytes != 0 && (file_bytes - 1) / most_blocks >= least) least *= 2;
  return least;
}

std::shared_ptr<const std::string> text_cache::find(const std::string& key) {
  const std::lock_guard hold(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return entries_.front().text;
}

void text_cache::add(const std::string& key, std::shared_ptr<const std::string> text) {
  entry made{key, std::move(text)};
  const std::lock_guard hold(mutex_);
  if (made.bytes() > limit_bytes_ || by_key_.contains(key)) return;
  while (bytes_ + made.bytes() > limit_bytes_) {
    bytes_ -= entries_.back().bytes();
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
  entries_.push_front(std::move(made));
  try {
    by_key_.emplace(key, entries_.begin());
  } catch (...) {
    entries_.pop_front();
    throw;
  }
  bytes_ += entries_.front().bytes();
}

/// What the request and the thread share; the end of `over` tells that it is the request's again.
struct manifests::job {
  context wanted; // the request's
  served_file file;
  std::string tag, key;
  std::shared_ptr<const std::string> text;
  std::exception_ptr thrown;
  std::atomic<bool> finished{false};

  void run(const manifest_options& options, text_cache& cache) {
    text = cache.find(key); // whoever waited for the same thread may have made it
    if (text != nullptr) return;
    const std::uint64_t size = file.facts().size;
    const std::uint64_t block_bytes = block_bytes_of(size, options.block_bytes);
    const auto hashes = hash_blocks(wanted, file, block_bytes);
    if (hashes.empty() && size != 0) return;
    if (!file.is_unchanged()) return;
    text = std::make_shared<const std::string>(to_json(tag, size, block_bytes, hashes));
    // Behind a weak tag there may come to be other bytes.
    if (tag.starts_with('"')) cache.add(key, text);
  }
};

manifests::manifests(const manifest_options& options)
    : options_(options), cache_(options.cache_bytes), threads_(start_pool(options.threads)) {}

manifests::~manifests() {
  threads_.stop();
  threads_.join();
}

asio::awaitable<std::shared_ptr<const std::string>> manifests::get(context ctx, served_file file, std::string tag) {
  const auto work = std::make_shared<job>();
  // The tag may be without the inode; files with one tag may differ.
  work->key = fmt::format("{:x} {:x} {}", file.facts().device, file.facts().inode, tag);
  if (auto known = cache_.find(work->key)) co_return known;
  work->wanted = ctx;
  work->file = std::move(file);
  work->tag = std::move(tag);
  cancellable until_over = with_cancel(ctx);
  const context over = until_over.ctx;
  asio::post(threads_, [this, work, end = std::move(until_over.cancel)] {
    try {
      work->run(options_, cache_);
    } catch (...) {
      work->thrown = std::current_exception();
    }
    // release: pairs with the acquire in get(); publishes the result.
    work->finished.store(true, std::memory_order_release);
    end();
  });
  co_await until_done(over);
  // acquire: pairs with the release on the thread; the request's own end may be what has ended the wait.
  if (!work->finished.load(std::memory_order_acquire)) co_return nullptr;
  if (work->thrown) std::rethrow_exception(work->thrown);
  co_return std::move(work->text);
}

} // namespace weir::detail
