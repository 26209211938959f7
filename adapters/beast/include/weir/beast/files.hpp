// Downloads: files of a directory, whole or in ranges, through one buffer each.
#pragma once

#include "weir/beast/message.hpp"
#include "weir/beast/router.hpp"
#include "weir/http/served_directory.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir {

/// How a browser is told to treat a file.
enum class disposition : std::uint8_t {
  unsaid,     ///< no Content-Disposition: it shows what it can show
  attachment, ///< it saves it under its name
};

/// Lists of a file's blocks with their hashes, by which a client can verify what it has, and fetch what is missing or
/// damaged: `GET /download/large.bin?manifest` gives
///
///   {"etag":"\"…\"","size":2500000,"block_size":1048576,"block_count":3,"algorithm":"sha-256","blocks":["…","…","…"]}
///
/// with the hashes in hexadecimal. A file that is changed meanwhile has none just now: 503.
struct manifest_options {
  /// 4 KiB to 64 MiB. Doubled, for a file of more than 16384 blocks, until there are no more.
  std::uint64_t block_bytes = 1024 * 1024;
  /// For the manifests that are kept, by ETag, the most recently used; up to 1 GiB, 0: none is. One takes 68 bytes a
  /// block; what is not kept is made again when it is asked for.
  std::size_t cache_bytes = 16 * 1024 * 1024;
  /// That read and hash, a file each at a time, as long as somebody waits for it; 1 to 64.
  unsigned threads = 1;
};

/// How files are sent. A value out of range makes static_files() throw std::invalid_argument naming it.
struct download_options {
  /// The route's parameter that names the file: `/download/{file}`. On a route that has none of that name every
  /// request is answered with 500, and the log says why.
  std::string param = "file";
  /// Whether that may be a path into subdirectories, as of `/download/{file*}`, or only a name: then a path is 404.
  bool subdirectories = false;
  /// The one buffer of a download, 4 KiB to 16 MiB, and the most that is read from the disk at a time: other requests
  /// of the thread wait for that. Smaller files take a smaller one. Half of it costs about a tenth more CPU.
  std::size_t buffer_bytes = 256 * 1024;
  /// The most that one response sends in a second, at least 1 KiB; 0: as much as the client takes.
  std::uint64_t bytes_per_second = 0;
  /// For all files; empty: by the name's extension.
  std::string content_type{};
  disposition shown_as = disposition::unsaid;
  /// Whether manifests are given away, and how they are made.
  std::optional<manifest_options> manifest{};
  /// What ETags are made of, besides size and time of modification. `none` for replicas, and for directories that are
  /// deployed anew, so that clients go on with what they have; only where no two files of a name have one size and
  /// one time, and differ: see tag_parts.
  tag_parts tags = tag_parts::inode;
};

/// A handler for GET that answers with files below `directory`, and nothing else: see served_directory.
///
///   server.get("/download/{file}", weir::static_files("/srv/files"));
///
/// Errors: throws std::system_error naming the directory if it cannot be opened, std::invalid_argument naming an
/// option that is out of range. Answers 404 for whatever is not to be served, and 503 with `Retry-After: 1` where
/// there is no descriptor left for it, which counts as refused, for the reason overload. See serve_file().
http_handler static_files(const std::string& directory, download_options options = {});

/// Answers a GET or HEAD with `file`: 200 with the whole, 206 with one range or, as multipart/byteranges, with
/// several, 304, 412, or 416; with ETag, Last-Modified and Accept-Ranges, by which a download can be resumed.
/// `name` decides on the type, and is what the client saves it as. Options are not checked here.
/// Ends early, within a chunk, when the request's context does.
/// Errors: throws std::system_error if reading fails, and std::runtime_error if the file has become shorter than it
/// was: the length has been promised, so the session then closes the connection, and the request counts as failed.
/// A file that has grown is sent as long as it was.
/// Thread safety: on the session's executor. Lifetime: the arguments live until it returns.
/// Cost: reads block the thread, buffer_bytes at a time; memory: buffer_bytes, whatever the file's size.
/// Source: RFC 9110, sections 13 and 14.
boost::asio::awaitable<void> serve_file(const http_request& request, http_response& response, const served_file& file,
                                        std::string_view name, const download_options& options);

} // namespace weir
