// Any bytes as a request: what is neither refused by the parser nor found to have a flaw ends where whoever reads it
// by the book, line by line, says that it ends, and asks for a path of a host.
#include "header_flaw.hpp"
#include "header_rules.hpp"
#include "heads.hpp"
#include "request_parser.hpp"

#include "input.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string all(text);
  for (char& c : all) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return all;
}

/// What stands in the head about who is asked, and how long the body is.
struct read_by_the_book {
  std::vector<std::string> hosts, lengths, codings;
};

read_by_the_book read_lines(std::string_view head) {
  read_by_the_book found;
  std::string* last = nullptr; // of those, as long as it may go on
  head.remove_prefix(head.find("\r\n") + 2);
  for (std::size_t end; (end = head.find("\r\n")) != 0; head.remove_prefix(end + 2)) {
    must(end != head.npos);
    const std::string_view line = head.substr(0, end);
    const std::size_t colon = line.find(':');
    if (line.starts_with(' ') || line.starts_with('\t')) {
      // RFC 9112 section 5.2: a value that goes on; the same as with spaces.
      if (last != nullptr) *last = trimmed(*last + " " + lower(trimmed(line)));
      continue;
    }
    const std::string name = lower(line.substr(0, colon)), value = lower(trimmed(line.substr(colon + 1)));
    last = nullptr;
    const auto keep = [&](std::vector<std::string>& in) { last = &in.emplace_back(value); };
    if (name == "host") keep(found.hosts);
    if (name == "content-length") keep(found.lengths);
    if (name == "transfer-encoding") keep(found.codings);
  }
  return found;
}

/// RFC 9112 section 3.2: what stands in the first line is asked of a host, of whom the handler hears.
void check_target(boost::beast::http::request_header<>& head) {
  const std::string target(weir::detail::to_view(head.target()));
  const std::string scheme = lower(target.substr(0, target.find_first_of("/?"))) + "//";
  const std::string_view method = weir::detail::to_view(head.method_string());
  weir::detail::take_host_of_target(head);
  if ((scheme != "http://" && scheme != "https://") || !lower(target).starts_with(scheme)) {
    must(target.starts_with('/') || method == "CONNECT" || (method == "OPTIONS" && target == "*"));
    return;
  }
  const std::string_view host = weir::detail::to_view(head[boost::beast::http::field::host]);
  must(!host.empty() && host.find_first_of("@/?#") == host.npos && weir::detail::is_host(host));
  must(target.substr(scheme.size()).starts_with(host));
}

/// Where a body in chunks ends for who ends lines at their LF, as RFC 9112 section 2.2 lets recipients do.
std::size_t end_of_chunks(std::string_view text) {
  std::size_t at = 0;
  const auto next_line = [&] {
    const std::size_t begin = at, end = text.find('\n', begin);
    must(end != text.npos);
    at = end + 1;
    return text.substr(begin, end - begin);
  };
  for (;;) {
    const std::string size(next_line());
    const std::size_t bytes = std::strtoull(size.c_str(), nullptr, 16);
    if (bytes == 0) break;
    must(bytes <= text.size() - at);
    at += bytes;
    must(text.substr(at).starts_with("\r\n"));
    at += 2;
  }
  while (next_line() != "\r") {
  }
  return at;
}

/// `body`: all that is behind the head.
void read_chunks(weir::detail::request_parser& parser, std::string_view body) {
  boost::system::error_code error;
  std::size_t taken = 0;
  parser.eager(true);
  while (!error && !parser.is_done()) taken += parser.take(boost::asio::buffer(body.substr(taken)), error);
  if (!error) must(taken == end_of_chunks(body));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  weir::detail::request_parser parser(4096);
  boost::system::error_code error;
  // As a server does: the head first.
  const std::size_t taken = parser.take(boost::asio::buffer(text), error);
  if (error || !parser.is_header_done()) return 0;
  const weir::detail::header_flaw flaw = weir::detail::find_flaw(parser.get());
  must(flaw.status == 0 || flaw.status == 400 || flaw.status == 501);
  must((flaw.status == 0) == flaw.why.empty());
  if (flaw.status != 0) return 0;
  check_target(parser.get());

  must(taken <= text.size());
  const std::size_t begin = text.find_first_not_of("\r\n"); // empty lines before a request are passed over
  const std::string_view head = std::string_view(text).substr(begin == text.npos ? 0 : begin);
  const read_by_the_book found = read_lines(head);
  must(found.hosts.size() <= 1 && (found.hosts.size() == 1 || parser.get().version() < 11));
  must(found.codings.size() <= 1 && (found.codings.empty() || found.lengths.empty()));
  if (!found.codings.empty()) must(found.codings.front() == "chunked" && parser.chunked());
  if (!found.lengths.empty()) {
    const std::string& length = found.lengths.front();
    must(found.lengths.size() == 1 && !length.empty() && length.find_first_not_of("0123456789") == length.npos);
    must(parser.content_length() && std::to_string(*parser.content_length()) ==
                                        length.substr(std::min(length.find_first_not_of('0'), length.size() - 1)));
  }
  if (found.codings.empty() && found.lengths.empty()) must(!parser.chunked() && !parser.content_length());
  if (parser.chunked()) read_chunks(parser, std::string_view(text).substr(taken));
  return 0;
}
