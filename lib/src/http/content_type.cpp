#include "weir/http/content_type.hpp"

#include "any_case.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace weir {
namespace {

using entry = std::pair<std::string_view, std::string_view>;

constexpr std::array<entry, 37> types{{
    {"avif", "image/avif"},
    {"bz2", "application/x-bzip2"},
    {"css", "text/css; charset=utf-8"},
    {"csv", "text/csv; charset=utf-8"},
    {"deb", "application/vnd.debian.binary-package"},
    {"epub", "application/epub+zip"},
    {"gif", "image/gif"},
    {"gz", "application/gzip"},
    {"htm", "text/html; charset=utf-8"},
    {"html", "text/html; charset=utf-8"},
    {"ico", "image/vnd.microsoft.icon"},
    {"jpeg", "image/jpeg"},
    {"jpg", "image/jpeg"},
    {"js", "text/javascript; charset=utf-8"},
    {"json", "application/json"},
    {"log", "text/plain; charset=utf-8"},
    {"md", "text/markdown; charset=utf-8"},
    {"mjs", "text/javascript; charset=utf-8"},
    {"mp3", "audio/mpeg"},
    {"mp4", "video/mp4"},
    {"ogg", "audio/ogg"},
    {"pdf", "application/pdf"},
    {"png", "image/png"},
    {"svg", "image/svg+xml"},
    {"tar", "application/x-tar"},
    {"tgz", "application/gzip"},
    {"txt", "text/plain; charset=utf-8"},
    {"wasm", "application/wasm"},
    {"wav", "audio/wav"},
    {"webm", "video/webm"},
    {"webp", "image/webp"},
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
    {"xml", "application/xml"},
    {"xz", "application/x-xz"},
    {"zip", "application/zip"},
    {"zst", "application/zstd"},
}};

constexpr bool is_alphanumeric(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/// RFC 8187, section 3.2.1: what stands for itself.
constexpr bool is_attribute_character(char c) noexcept {
  return is_alphanumeric(c) || std::string_view("!#$&+-.^_`|~").find(c) != std::string_view::npos;
}

} // namespace

std::string_view content_type_of(std::string_view name) noexcept {
  constexpr std::string_view unknown = "application/octet-stream";
  name.remove_prefix(name.find_last_of('/') + 1); // npos + 1 is 0
  const auto dot = name.find_last_of('.');
  if (dot == name.npos || dot == 0) return unknown;
  const std::string_view extension = name.substr(dot + 1);
  const auto found = std::ranges::find_if(
      types, [&](const entry& each) { return detail::equals_in_any_case(extension, each.first); });
  return found != types.end() ? found->second : unknown;
}

std::string attachment_disposition(std::string_view name) {
  name.remove_prefix(name.find_last_of('/') + 1);
  std::string plain, encoded;
  bool is_plain = true;
  for (const char c : name) {
    const bool printable = c >= ' ' && c <= '~' && c != '"' && c != '\\' && c != '%';
    plain += printable ? c : '_';
    is_plain = is_plain && printable;
    if (is_attribute_character(c))
      encoded += c;
    else
      fmt::format_to(std::back_inserter(encoded), "%{:02X}", static_cast<unsigned char>(c));
  }
  std::string value = "attachment; filename=\"" + plain + "\"";
  if (!is_plain) value += "; filename*=UTF-8''" + encoded;
  return value;
}

} // namespace weir
