// The grammar of one baggage member, and how its value is percent-encoded.
#pragma once

#include "white_space.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace weir::detail {

/// Whether the text is a token (RFC 9110, section 5.6.2).
bool is_token(std::string_view text) noexcept;

/// Whether each character may stand in a header's value as it is (W3C Baggage, `baggage-octet`).
bool is_baggage_value(std::string_view text) noexcept;

/// Appends `value` so that is_baggage_value() holds of it; a percent sign is encoded, too.
void append_percent_encoded(std::string& out, std::string_view value);

/// Hands the pieces of `key=value` to `out`, without white space; of a `key` alone, too, unless it `needs_value`.
/// False: not by the grammar, and what was handed out is worth nothing.
template <class Out>
bool normalise_pair(std::string_view pair, bool needs_value, Out&& out) {
  const std::size_t equals = pair.find('=');
  const std::string_view key = trim(pair.substr(0, equals));
  if (!is_token(key)) return false;
  out(key);
  if (equals == std::string_view::npos) return !needs_value;
  const std::string_view value = trim(pair.substr(equals + 1));
  if (!is_baggage_value(value)) return false;
  out(std::string_view("="));
  out(value);
  return true;
}

/// Hands the normal form of `member`, `key=value;property;property=value`, to `out`, piece by piece.
/// False: not by the grammar, and what was handed out is worth nothing.
template <class Out>
bool normalise_member(std::string_view member, Out&& out) {
  std::size_t semicolon = member.find(';');
  if (!normalise_pair(member.substr(0, semicolon), true, out)) return false;
  while (semicolon != std::string_view::npos) {
    member.remove_prefix(semicolon + 1);
    semicolon = member.find(';');
    out(std::string_view(";"));
    if (!normalise_pair(member.substr(0, semicolon), false, out)) return false;
  }
  return true;
}

} // namespace weir::detail
