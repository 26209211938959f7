#include "weir/beast/files.hpp"

#include "file_sender.hpp"
#include "manifests.hpp"
#include "multipart.hpp"
#include "weir/http/byte_ranges.hpp"
#include "weir/http/content_type.hpp"
#include "weir/http/http_date.hpp"
#include "weir/http/preconditions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

namespace weir {

namespace asio = boost::asio;

namespace {

using namespace std::chrono;

/// All lines of a header as one list, or nullopt.
std::optional<std::string> header_value(const http_request& request, const char* name) {
  const auto [first, last] = request.message().equal_range(name);
  if (first == last) return std::nullopt;
  std::string all(first->value().data(), first->value().size());
  for (auto i = std::next(first); i != last; ++i) all.append(", ").append(i->value().data(), i->value().size());
  return all;
}

/// The file's state, as it is sent.
struct file_state {
  file_state(const file_facts& facts, sys_seconds now, tag_parts parts)
      : tag(make_entity_tag(facts, now, parts)),
        // RFC 9110, section 8.8.2.1: never later than Date.
        current{.tag = parse_entity_tag(tag).value(),
                .modified = std::min(floor<seconds>(facts.modified), now),
                .now = now} {}
  file_state(const file_state&) = delete; // current refers to tag
  file_state& operator=(const file_state&) = delete;

  const std::string tag;
  const validators current;
};

precondition check_conditions(const http_request& request, const validators& current) {
  const auto if_match = header_value(request, "If-Match");
  const auto if_unmodified_since = header_value(request, "If-Unmodified-Since");
  const auto if_none_match = header_value(request, "If-None-Match");
  const auto if_modified_since = header_value(request, "If-Modified-Since");
  const bool reads = request.method() == "GET" || request.method() == "HEAD";
  return evaluate({.if_match = if_match,
                   .if_unmodified_since = if_unmodified_since,
                   .if_none_match = if_none_match,
                   .if_modified_since = if_modified_since},
                  current, reads);
}

selected_ranges ranges_of(const http_request& request, const validators& current, std::uint64_t size) {
  if (request.method() != "GET") return {}; // RFC 9110, section 14.2
  const auto range = header_value(request, "Range");
  if (!range) return {};
  const auto if_range = header_value(request, "If-Range");
  if (if_range && !range_condition_holds(*if_range, current)) return {};
  return select_ranges(*range, size);
}

download_options checked(download_options options) {
  const auto refuse = [](std::string_view name, auto value, std::string_view range) {
    throw std::invalid_argument(fmt::format("download_options.{} is {}: it must be {}", name, value, range));
  };
  if (options.param.empty()) refuse("param", "empty", "a route's parameter");
  if (options.buffer_bytes < 4096 || options.buffer_bytes > (16U << 20))
    refuse("buffer_bytes", options.buffer_bytes, "from 4 KiB to 16 MiB");
  if (options.bytes_per_second != 0 && options.bytes_per_second < 1024)
    refuse("bytes_per_second", options.bytes_per_second, "0, or at least 1 KiB");
  if (!options.manifest) return options;
  const manifest_options& blocks = *options.manifest;
  if (blocks.block_bytes < 4096 || blocks.block_bytes > (64U << 20))
    refuse("manifest.block_bytes", blocks.block_bytes, "from 4 KiB to 64 MiB");
  if (blocks.cache_bytes > (1U << 30)) refuse("manifest.cache_bytes", blocks.cache_bytes, "up to 1 GiB");
  if (blocks.threads < 1 || blocks.threads > 64) refuse("manifest.threads", blocks.threads, "from 1 to 64");
  return options;
}

/// Without it, every request would look like one for a file that is not there.
void require_param(const http_request& request, std::string_view name) {
  if (request.has_param(name)) return;
  throw std::logic_error(
      fmt::format("static_files: the route has no parameter {{{}}}: see download_options.param", name));
}

bool is_out_of_descriptors(const std::error_code& error) noexcept {
  return error == std::errc::too_many_files_open || error == std::errc::too_many_files_open_in_system;
}

asio::awaitable<void> serve_manifest(const http_request& request, http_response& response, served_file file,
                                     tag_parts parts, detail::manifests& made) {
  std::string tag = make_entity_tag(file.facts(), floor<seconds>(system_clock::now()), parts);
  const auto text = co_await made.get(request.ctx(), std::move(file), std::move(tag));
  if (text != nullptr)
    response.body(*text, "application/json");
  else if (!request.ctx().done())
    response.error(503, "the file is being changed").header("Retry-After", "1");
}

} // namespace

asio::awaitable<void> serve_file(const http_request& request, http_response& response, const served_file& file,
                                 std::string_view name, const download_options& options) {
  const std::uint64_t size = file.facts().size;
  const file_state state(file.facts(), floor<seconds>(system_clock::now()), options.tags);
  const auto describe = [&] {
    response.header("ETag", state.tag);
    response.header("Last-Modified", to_http_date(state.current.modified));
    response.header("Accept-Ranges", "bytes");
  };
  switch (check_conditions(request, state.current)) {
  case precondition::met:
    break;
  case precondition::not_modified:
    response.status(304);
    describe();
    co_return;
  case precondition::failed:
    response.error(412, "precondition failed");
    co_return;
  }

  const selected_ranges selected = ranges_of(request, state.current, size);
  if (selected.what() == selected_ranges::kind::unsatisfiable) {
    response.error(416, "range not satisfiable").header("Content-Range", fmt::format("bytes */{}", size));
    co_return;
  }
  describe();
  const std::string_view type = options.content_type.empty() ? content_type_of(name) : options.content_type;
  response.header("Content-Type", type);
  if (options.shown_as == disposition::attachment)
    response.header("Content-Disposition", attachment_disposition(name));

  const auto ranges = selected.ranges();
  if (selected.what() == selected_ranges::kind::whole) {
    co_await detail::send_range(request, response, file, options, {0, size});
  } else if (ranges.size() == 1) {
    response.status(206).header("Content-Range", detail::content_range(ranges[0], size));
    co_await detail::send_range(request, response, file, options, ranges[0]);
  } else {
    const detail::multipart frame(ranges, type, size);
    response.status(206).header("Content-Type", "multipart/byteranges; boundary=" + frame.boundary);
    co_await detail::send_ranges(request, response, file, options, ranges, frame);
  }
}

http_handler static_files(const std::string& directory, download_options options) {
  struct shared {
    shared(const std::string& path, download_options given) : files(path), options(checked(std::move(given))) {
      if (options.manifest) made.emplace(*options.manifest);
    }
    const served_directory files;
    const download_options options;
    std::optional<detail::manifests> made;
  };
  const auto all = std::make_shared<shared>(directory, std::move(options));
  return [all](http_request& request, http_response& response) -> asio::awaitable<void> {
    require_param(request, all->options.param);
    const std::string name(request.param(all->options.param));
    std::error_code error = std::make_error_code(std::errc::no_such_file_or_directory);
    served_file file;
    if (all->options.subdirectories || name.find('/') == name.npos) file = all->files.open(name, error);
    if (error == std::errc::no_such_file_or_directory) {
      response.error(404, "no such file");
    } else if (is_out_of_descriptors(error)) {
      if (exchange* const observed = request.observed()) observed->refused(cancel_reason::overload);
      response.error(503, "too many files are open").header("Retry-After", "1");
    } else if (error) {
      throw std::system_error(error, "opening " + name);
    } else if (all->made && request.query("manifest")) {
      co_await serve_manifest(request, response, std::move(file), all->options.tags, *all->made);
    } else {
      co_await serve_file(request, response, file, name, all->options);
    }
  };
}

} // namespace weir
