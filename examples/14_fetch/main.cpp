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
// You will see what is missing, and what was fetched. Ctrl-C ends it at once; run it again to go on. An https server
// has to prove by its certificate who it is.
#include "block_file.hpp"
#include "manifest.hpp"

#include <weir/asio/sleep.hpp>
#include <weir/beast/client.hpp>
#include <weir/context.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/beast/http/field.hpp>
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
namespace http = boost::beast::http;
using namespace std::chrono_literals;

// For every block, and for the manifest, which may take the server a while.
constexpr auto patience = 60s;
// A block, or a manifest.
constexpr std::uint64_t most_bytes = 64U << 20;
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

std::runtime_error unexpected(const weir::client_response& answer, const std::string& what) {
  return std::runtime_error("the server answers " + std::to_string(answer.status) + " to the request for " + what);
}

awaitable<manifest> fetch_manifest(const weir::context& ctx, weir::http_client& client, const std::string& url) {
  weir::client_request request("GET", url + "?manifest");
  const weir::client_response answer = co_await client.send(ctx, std::move(request));
  if (answer.status == 503) throw passing_failure("the server has no manifest just now");
  if (answer.status != 200) throw unexpected(answer, "the manifest");
  const std::string type(answer.headers[http::field::content_type]);
  if (type != "application/json") throw std::runtime_error("the server has no manifest for this, but " + type);
  manifest read = parse_manifest(answer.body);
  if (read.block_size > most_bytes) throw std::runtime_error("the server's blocks are too large");
  // A weak tag: nothing that is fetched in parts would be sure to fit together.
  if (!read.etag.starts_with('"')) throw passing_failure("the file has only just been changed on the server");
  co_return read;
}

awaitable<void> fetch_block(const weir::context& ctx, weir::http_client& client, const std::string& url,
                            const manifest& wanted, block_file& file, std::size_t block) {
  const auto from = wanted.begin_of(block), size = wanted.size_of(block);
  const std::string range = std::to_string(from) + "-" + std::to_string(from + size - 1);
  weir::client_request request("GET", url);
  request.headers = {{"Range", "bytes=" + range}, {"If-Range", wanted.etag}};
  const weir::client_response answer = co_await client.send(ctx, std::move(request));
  if (answer.status == 200 || answer.status == 416) throw changed_on_server("the file has changed on the server");
  if (answer.status != 206 || answer.body.size() != size ||
      answer.headers[http::field::content_range] != "bytes " + range + "/" + std::to_string(wanted.size))
    throw unexpected(answer, "bytes " + range);
  if (!wanted.matches(block, answer.body))
    throw passing_failure("block " + std::to_string(block) + " has not its hash");
  file.put(block, answer.body);
}

/// Returns when the file is whole.
awaitable<void> fetch_missing(const weir::context& ctx, weir::http_client& client, const std::string& url,
                              const std::string& path) {
  const manifest wanted = co_await fetch_manifest(ctx, client, url);
  block_file file(path, wanted);
  const std::size_t blocks = wanted.hashes.size(), missing = file.missing();
  if (file.began_anew()) std::printf("the file has changed on the server: beginning anew\n");
  std::printf("%zu blocks of %llu bytes: %zu there, %zu damaged, %zu to fetch\n", blocks,
              static_cast<unsigned long long>(wanted.block_size), blocks - missing, file.damaged(), missing);
  std::fflush(stdout);
  for (std::size_t block = 0; block < blocks; ++block)
    if (!file.has(block)) co_await fetch_block(ctx, client, url, wanted, file, block);
  file.finish();
  std::printf("%s is complete: %llu bytes\n", path.c_str(), static_cast<unsigned long long>(wanted.size));
}

/// Attempt after attempt, as long as the failures are of the kind that passes.
awaitable<void> fetch(const weir::context& ctx, weir::http_client& client, std::string url, std::string path) {
  for (int attempt = 1;; ++attempt) {
    std::string failure;
    try {
      co_await fetch_missing(ctx, client, url, path);
      co_return;
    } catch (const boost::system::system_error& error) { // of the network
      failure = error.what();
    } catch (const std::system_error& error) { // of the time for a block, or of the disk
      if (ctx.done() || error.code() != std::errc::timed_out) throw;
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
  if (url.find_first_of("?#") != url.npos)
    throw std::invalid_argument("'" + url + "' is more than the place of a file");
  weir::http_client client({.timeout = patience, .body_limit_bytes = most_bytes});
  boost::asio::io_context io;
  const weir::cancellable whole = weir::with_cancel(weir::background());
  boost::asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([&](const boost::system::error_code& error, int) {
    if (!error) whole.cancel(weir::cancel_reason::shutdown);
  });
  std::exception_ptr failed;
  boost::asio::co_spawn(io, fetch(whole.ctx, client, url, path), [&](std::exception_ptr thrown) {
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
