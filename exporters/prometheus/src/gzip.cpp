#include "gzip.hpp"

#include <zlib.h>

#include <limits>
#include <new>

namespace weir::detail {
namespace {

/// Ends the stream on every way out.
struct deflation {
  z_stream stream{};
  bool begun = false;

  deflation() noexcept {
    constexpr int gzip_header = 16, window_bits = 15, memory_level = 8;
    begun = ::deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, gzip_header + window_bits, memory_level,
                           Z_DEFAULT_STRATEGY) == Z_OK;
  }
  deflation(const deflation&) = delete;
  deflation& operator=(const deflation&) = delete;
  ~deflation() {
    if (begun) ::deflateEnd(&stream);
  }
};

} // namespace

std::optional<std::string> gzip(std::string_view text) noexcept try {
  deflation work;
  // One call takes no more than zlib can count in; a page of 4 GiB is none.
  if (!work.begun || text.size() > std::numeric_limits<uInt>::max() / 2) return std::nullopt;
  std::string result(::deflateBound(&work.stream, static_cast<uLong>(text.size())), '\0');
  // zlib does not write there; its interface is older than const.
  work.stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  work.stream.avail_in = static_cast<uInt>(text.size());
  work.stream.next_out = reinterpret_cast<Bytef*>(result.data());
  work.stream.avail_out = static_cast<uInt>(result.size());
  if (::deflate(&work.stream, Z_FINISH) != Z_STREAM_END) return std::nullopt;
  result.resize(work.stream.total_out);
  return result;
} catch (const std::bad_alloc&) {
  return std::nullopt;
}

} // namespace weir::detail
