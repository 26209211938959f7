// A strict reader of logfmt, written from what go-logfmt/logfmt's decoder accepts, not from what weir writes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct logfmt_pair {
  std::string key, value;
  bool quoted = false;
};

namespace logfmt_detail {

inline void append_utf8(std::string& to, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { to += static_cast<char>(static_cast<unsigned char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | code >> 6);
    put(0x80 | (code & 0x3f));
  } else {
    put(0xe0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  }
}

/// The four digits behind `\u`; no surrogates, which weir has no need of.
inline bool append_unicode_escape(std::string& to, std::string_view digits) {
  std::uint32_t code = 0;
  for (const char c : digits) {
    const auto digit = std::string_view("0123456789abcdef").find(c);
    if (digit == std::string_view::npos) return false;
    code = code * 16 + static_cast<std::uint32_t>(digit);
  }
  if (digits.size() != 4 || (code >= 0xd800 && code < 0xe000)) return false;
  append_utf8(to, code);
  return true;
}

/// The quoted value at the front of `text`, which loses it.
inline bool take_quoted(std::string_view& text, std::string& value) {
  constexpr std::string_view escapes = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
  text.remove_prefix(1);
  while (!text.empty() && text.front() != '"') {
    if (text.front() != '\\') {
      value += text.front();
      text.remove_prefix(1);
      continue;
    }
    if (text.size() < 2) return false;
    if (const auto known = escapes.find(text[1]); known != escapes.npos) {
      value += meanings[known];
      text.remove_prefix(2);
    } else {
      if (text[1] != 'u' || !append_unicode_escape(value, text.substr(2, 4))) return false;
      text.remove_prefix(6);
    }
  }
  if (text.empty()) return false;
  text.remove_prefix(1);
  return true;
}

} // namespace logfmt_detail

/// The pairs of a line, which one space each must part; nullopt if it is not logfmt or has a key twice.
inline std::optional<std::vector<logfmt_pair>> read_logfmt(std::string_view line) {
  const auto is_bare = [](char c) { return static_cast<unsigned char>(c) > ' ' && c != '=' && c != '"'; };
  const auto take_bare = [&](std::string& to) {
    while (!line.empty() && is_bare(line.front())) {
      to += line.front();
      line.remove_prefix(1);
    }
  };
  std::vector<logfmt_pair> pairs;
  for (;;) {
    logfmt_pair pair;
    take_bare(pair.key);
    if (pair.key.empty() || line.empty() || line.front() != '=') return std::nullopt;
    line.remove_prefix(1);
    pair.quoted = line.starts_with('"');
    if (!pair.quoted)
      take_bare(pair.value);
    else if (!logfmt_detail::take_quoted(line, pair.value))
      return std::nullopt;
    if (!pair.quoted && pair.value.empty()) return std::nullopt; // weir writes ""
    for (const logfmt_pair& each : pairs)
      if (each.key == pair.key) return std::nullopt;
    pairs.push_back(std::move(pair));
    if (line.empty()) return pairs;
    if (line.front() != ' ') return std::nullopt;
    line.remove_prefix(1);
  }
}
