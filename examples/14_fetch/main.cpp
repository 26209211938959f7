// A download that resumes: killed at any moment and started again, it fetches only the blocks that are missing.
//
//   build/release/examples/02_download_server --root /some/directory &
//   build/release/examples/14_fetch http://127.0.0.1:8080/download/large.bin large.bin
//
// The server's manifest tells the hash of every block. FILE.part takes the blocks, FILE.table notes which are there;
// after a restart those are verified, and the others fetched by Range, with If-Range, so that a file that has been
// replaced on the server is noticed and begun anew. FILE appears when it is whole. Run on a FILE that is there, it
// fetches what is damaged in it.
//
// You will see what is missing, and what was fetched. Ctrl-C ends it at once; run it again to go on.
#include "block_file.hpp"
#include "http_client.hpp"
#include "manifest.hpp"

#include <weir/asio/sleep.hpp>
#include <weir/context.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include <cstdio>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace {

using boost::asio::awaitable;
using namespace std::chrono_literals;

// For every step: to connect, to be answered, to receive some bytes. A manifest may take the server a while.
constexpr auto patience = 30s;
// A connection that breaks, a server that starts again, a file that is just being replaced.
constexpr int most_attempts = 5;
constexpr auto between_attempts = 1s;

/// The file is no longer what its manifest says: all begins again.
struct changed_on_server : std::runtime_error {
  using runtime_error::runtime_error;
};

/// What another attempt may mend.
struct passing_failure : std::runtime_error {
  using runtime_error::runtime_error;
};

std::runtime_error unexpected(const http_answer& answer, const std::string& what) {
  return std::runtime_error("the server answers " + std::to_string(answer.status) + " to the request for " + what);
}

awaitable<manifest> fetch_manifest(const weir::context& ctx, http_client& client) {
  constexpr std::uint64_t most_bytes = 64U << 20;
  const http_answer answer = co_await client.get(ctx, "?manifest", {});
  if (answer.status == 503) throw passing_failure("the server has no manifest just now");
  if (answer.status != 200) throw unexpected(answer, "the manifest");
  if (answer.content_type != "application/json" || answer.length > most_bytes)
    throw std::runtime_error("the server has no manifest for this, but " + answer.content_type);
  std::string text(static_cast<std::size_t>(answer.length), '\0');
  co_await client.read(ctx, text);
  manifest read = parse_manifest(text);
  // A weak tag: nothing that is fetched in parts would be sure to fit together.
  if (!read.etag.starts_with('"')) throw passing_failure("the file has only just been changed on the server");
  co_return read;
}

/// Fetches the blocks from `first` up to `end` in one request.
awaitable<void> fetch_blocks(const weir::context& ctx, http_client& client, const manifest& wanted, block_file& file,
                             std::size_t first, std::size_t end) {
  const auto from = wanted.begin_of(first), last = wanted.begin_of(end - 1) + wanted.size_of(end - 1) - 1;
  const std::string range = std::to_string(from) + "-" + std::to_string(last);
  http_client::headers headers{{"Range", "bytes=" + range}, {"If-Range", wanted.etag}};
  const http_answer answer = co_await client.get(ctx, "", std::move(headers));
  if (answer.status == 200 || answer.status == 416) throw changed_on_server("the file has changed on the server");
  if (answer.status != 206 || answer.length != last - from + 1 ||
      answer.content_range != "bytes " + range + "/" + std::to_string(wanted.size))
    throw unexpected(answer, "bytes " + range);
  std::vector<char> block;
  for (std::size_t i = first; i < end; ++i) {
    block.resize(static_cast<std::size_t>(wanted.size_of(i)));
    co_await client.read(ctx, block);
    if (!wanted.matches(i, block)) throw passing_failure("block " + std::to_string(i) + " has not its hash");
    file.put(i, block);
  }
}

/// Returns when the file is whole.
awaitable<void> fetch_missing(const weir::context& ctx, http_client& client, const std::string& path) {
  const manifest wanted = co_await fetch_manifest(ctx, client);
  block_file file(path, wanted);
  const std::size_t blocks = wanted.hashes.size(), missing = file.missing();
  if (file.began_anew()) std::printf("the file has changed on the server: beginning anew\n");
  std::printf("%zu blocks of %llu bytes: %zu there, %zu damaged, %zu to fetch\n", blocks,
              static_cast<unsigned long long>(wanted.block_size), blocks - missing, file.damaged(), missing);
  std::fflush(stdout);
  for (std::size_t first = 0; first < blocks;) {
    std::size_t end = first;
    while (end < blocks && !file.has(end)) ++end;
    if (end != first) co_await fetch_blocks(ctx, client, wanted, file, first, end);
    first = std::max(end, first + 1);
  }
  file.finish();
  std::printf("%s is complete: %llu bytes\n", path.c_str(), static_cast<unsigned long long>(wanted.size));
}

/// Attempt after attempt, as long as the failures are of the kind that passes.
awaitable<void> fetch(const weir::context& ctx, http_url url, std::string path) {
  http_client client(co_await boost::asio::this_coro::executor, std::move(url), patience);
  for (int attempt = 1;; ++attempt) {
    std::string failure;
    try {
      co_await fetch_missing(ctx, client, path);
      co_return;
    } catch (const boost::system::system_error& error) { // of the network
      failure = error.what();
    } catch (const std::system_error& error) { // of the time for a step, or of the disk
      if (ctx.done() || error.code() != weir::context_errc::deadline_exceeded) throw;
      failure = "no answer in time";
    } catch (const changed_on_server& error) {
      failure = error.what();
    } catch (const passing_failure& error) {
      failure = error.what();
    }
    if (ctx.done()) throw std::system_error(ctx.error());
    if (attempt == most_attempts) throw std::runtime_error(failure);
    std::fprintf(stderr, "14_fetch: %s; trying again\n", failure.c_str());
    if (const auto ended = co_await weir::sleep_for(ctx, between_attempts)) throw std::system_error(ended);
  }
}

int run(const std::string& url, const std::string& path) {
  boost::asio::io_context io;
  const weir::cancellable whole = weir::with_cancel(weir::background());
  boost::asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([&](const boost::system::error_code& error, int) {
    if (!error) whole.cancel(weir::cancel_reason::shutdown);
  });
  std::exception_ptr failed;
  boost::asio::co_spawn(io, fetch(whole.ctx, parse_url(url), path), [&](std::exception_ptr thrown) {
    failed = std::move(thrown);
    signals.cancel();
  });
  io.run();
  if (failed && whole.ctx.done()) {
    std::fprintf(stderr, "14_fetch: interrupted; run it again to go on\n");
    return 130;
  }
  if (failed) std::rethrow_exception(failed);
  return 0;
}

} // namespace

int main(int count, char** words) {
  try {
    if (count != 3) throw std::invalid_argument("usage: 14_fetch URL FILE");
    return run(words[1], words[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "14_fetch: %s\n", error.what());
    return 1;
  }
}
