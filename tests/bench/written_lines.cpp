#include "written_lines.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <string_view>
#include <system_error>

namespace bench {

namespace {

constexpr auto rest = std::chrono::milliseconds(4);
constexpr std::size_t most_at_once = 1024;
constexpr std::string_view line =
    R"({"time":"2026-01-01T00:00:00.000000Z","level":"info","logger":"access","message":"GET /hello 200",)"
    R"("trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"b7ad6b7169203331","http.request.method":"GET",)"
    R"("url.path":"/hello","url.scheme":"http","http.route":"/hello","network.protocol.version":"1.1",)"
    R"("client.address":"127.0.0.1","http.request.body.size":0,"http.response.body.size":6,"duration_s":4.647e-06,)"
    R"("outcome":"completed","http.response.status_code":200})"
    "\n";

std::string repeated_line() {
  std::string all;
  for (std::size_t i = 0; i < most_at_once; ++i) all += line;
  return all;
}

std::FILE* open_unbuffered(const std::string& path) {
  std::FILE* const opened = std::fopen(path.c_str(), "we");
  if (opened == nullptr) throw std::system_error(errno, std::system_category(), path);
  std::setvbuf(opened, nullptr, _IONBF, 0);
  return opened;
}

} // namespace

written_lines::written_lines(const std::string& path, const weir::counter& requests)
    : requests_(requests),
      lines_(repeated_line()),
      file_(open_unbuffered(path), &std::fclose),
      thread_([this](const std::stop_token& stopped) {
        while (!stopped.stop_requested()) {
          std::this_thread::sleep_for(rest);
          write_missing();
        }
      }) {}

void written_lines::write_missing() {
  const std::uint64_t counted = requests_.value();
  while (written_ < counted) {
    const std::uint64_t lines = std::min<std::uint64_t>(counted - written_, most_at_once);
    if (std::fwrite(lines_.data(), line.size(), lines, file_.get()) != lines) return;
    written_ += lines;
  }
}

void written_lines::finish() {
  thread_ = {}; // asked to stop, and joined
  write_missing();
  if (std::ferror(file_.get())) throw std::system_error(EIO, std::system_category(), "the access log");
}

} // namespace bench
