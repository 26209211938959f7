// The grammar of tracestate members, how headers join into one list, and how the list changes.
#include "weir/trace/tracestate.hpp"

#include "trace/member_list.hpp"
#include "white_space.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace weir {

using detail::key_of;
using detail::next_member;

namespace {

constexpr bool is_key_start(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

constexpr bool is_key_char(char c) noexcept {
  return is_key_start(c) || c == '_' || c == '-' || c == '*' || c == '/' || c == '@';
}

constexpr bool is_value_char(char c) noexcept { return c >= ' ' && c <= '~' && c != ',' && c != '='; }

bool valid_key(std::string_view key) noexcept {
  return !key.empty() && key.size() <= tracestate::max_key_length && is_key_start(key.front()) &&
         std::all_of(key.begin(), key.end(), is_key_char);
}

bool valid_value(std::string_view value) noexcept {
  return !value.empty() && value.size() <= tracestate::max_value_length && value.back() != ' ' &&
         std::all_of(value.begin(), value.end(), is_value_char);
}

// The members as they stand in the headers, validated, at most as many as a list may have.
struct member_list {
  std::array<std::string_view, tracestate::max_members> members;
  std::size_t count = 0;
  std::size_t text_length = 0;

  // False: the member is bad or one too many, and with it the whole list.
  bool add(std::string_view member, std::size_t& seen) noexcept {
    const std::size_t equals = member.find('=');
    if (equals == std::string_view::npos || ++seen > members.size()) return false;
    const std::string_view key = member.substr(0, equals);
    if (!valid_key(key) || !valid_value(member.substr(equals + 1))) return false;
    const auto last = members.begin() + static_cast<std::ptrdiff_t>(count);
    const auto same_key = [key](std::string_view other) { return key_of(other) == key; };
    if (std::any_of(members.begin(), last, same_key)) return true;
    members[count++] = member;
    text_length += member.size() + 1;
    return true;
  }
};

} // namespace

std::size_t tracestate::size() const noexcept {
  if (empty()) return 0;
  return static_cast<std::size_t>(std::count(text_.begin(), text_.end(), ',')) + 1;
}

std::optional<std::string_view> tracestate::get(std::string_view key) const noexcept {
  for (std::string_view rest = text_; !rest.empty();) {
    const std::string_view member = next_member(rest);
    if (key_of(member) == key) return member.substr(key.size() + 1);
  }
  return std::nullopt;
}

bool tracestate::set(std::string_view key, std::string_view value) {
  if (!valid_key(key) || !valid_value(value)) return false;
  // Built aside: key or value may be views of this very text, and a failed allocation must change nothing.
  std::string changed;
  changed.reserve(key.size() + value.size() + text_.size() + 2);
  changed.append(key).append(1, '=').append(value);
  std::size_t members = 1;
  for (std::string_view rest = text_; !rest.empty() && members < max_members;) {
    const std::string_view member = next_member(rest);
    if (key_of(member) == key) continue;
    changed.append(1, ',').append(member);
    ++members;
  }
  text_ = std::move(changed);
  return true;
}

bool tracestate::erase(std::string_view key) noexcept { return detail::erase_member(text_, key); }

std::optional<tracestate> parse_tracestate(std::span<const std::string_view> values) noexcept {
  member_list list;
  std::size_t seen = 0;
  for (std::string_view rest : values) {
    while (!rest.empty()) {
      const std::string_view member = detail::trim(next_member(rest));
      if (!member.empty() && !list.add(member, seen)) return std::nullopt;
    }
  }
  tracestate result;
  if (list.count == 0) return result;
  try {
    result.text_.reserve(list.text_length);
    for (std::size_t i = 0; i < list.count; ++i) {
      if (i != 0) result.text_ += ',';
      result.text_ += list.members[i];
    }
  } catch (...) {
    // Out of memory: a request goes on without its tracestate rather than not at all.
    return std::nullopt;
  }
  return result;
}

} // namespace weir
