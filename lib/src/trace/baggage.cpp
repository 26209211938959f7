// How baggage headers join into one list within the limits, and how the list changes.
#include "weir/trace/baggage.hpp"

#include "percent.hpp"
#include "trace/baggage_grammar.hpp"
#include "trace/member_list.hpp"
#include "utf8.hpp"
#include "white_space.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace weir {

using detail::key_of;
using detail::next_member;

namespace {

baggage_member parts_of(std::string_view member) noexcept {
  const std::string_view key = key_of(member);
  const std::string_view rest = member.substr(key.size() + 1);
  const std::size_t semicolon = rest.find(';');
  return {key, rest.substr(0, semicolon),
          semicolon == std::string_view::npos ? std::string_view{} : rest.substr(semicolon + 1)};
}

// The good members as they stand in the headers, at most as many and as long as a list may have.
class member_list {
 public:
  // False: there is no room for it.
  bool add(std::string_view member, std::string_view key, std::size_t length) noexcept {
    const auto last = entries_.begin() + static_cast<std::ptrdiff_t>(count_);
    const auto same = std::find_if(entries_.begin(), last, [key](const entry& e) { return e.key == key; });
    const bool is_new = same == last;
    if (is_new && count_ == entries_.size()) return false;
    const std::size_t comma = is_new && count_ != 0 ? 1 : 0;
    const std::size_t after = text_length_ - (is_new ? 0 : same->length) + comma + length;
    if (after > baggage::max_bytes) return false;
    *same = {member, key, length};
    text_length_ = after;
    if (is_new) ++count_;
    return true;
  }

  std::size_t count() const noexcept { return count_; }

  std::string text() const {
    std::string joined;
    if (count_ == 0) return joined;
    joined.reserve(text_length_);
    for (std::size_t i = 0; i < count_; ++i) {
      if (i != 0) joined += ',';
      detail::normalise_member(entries_[i].member, [&joined](std::string_view piece) { joined += piece; });
    }
    return joined;
  }

 private:
  struct entry {
    std::string_view member;
    std::string_view key;
    std::size_t length = 0; // of the normal form
  };
  std::array<entry, baggage::max_members> entries_;
  std::size_t count_ = 0;
  std::size_t text_length_ = 0;
};

} // namespace

std::string baggage_member::value() const {
  if (encoded_value.find('%') == std::string_view::npos)
    return std::string(encoded_value); // ASCII, as all values are
  return detail::to_valid_utf8(detail::percent_decoded(encoded_value));
}

std::size_t baggage::size() const noexcept {
  if (empty()) return 0;
  return static_cast<std::size_t>(std::count(text_.begin(), text_.end(), ',')) + 1;
}

std::optional<baggage_member> baggage::find(std::string_view key) const noexcept {
  for (std::string_view rest = text_; !rest.empty();) {
    const std::string_view member = next_member(rest);
    if (key_of(member) == key) return parts_of(member);
  }
  return std::nullopt;
}

std::optional<std::string> baggage::get(std::string_view key) const {
  if (const auto member = find(key)) return member->value();
  return std::nullopt;
}

std::vector<baggage_member> baggage::members() const {
  std::vector<baggage_member> all;
  all.reserve(size());
  for (std::string_view rest = text_; !rest.empty();) all.push_back(parts_of(next_member(rest)));
  return all;
}

bool baggage::set(std::string_view key, std::string_view value, std::string_view properties) {
  if (!detail::is_token(key) || key.size() + value.size() + properties.size() > max_bytes) return false;
  std::string member(key);
  member += '=';
  detail::append_percent_encoded(member, value);
  if (!properties.empty()) member.append(1, ';').append(properties);

  // Built aside: the arguments may be views of this very text, and a failed allocation must change nothing.
  std::string changed;
  changed.reserve(text_.size() + member.size() + 1);
  const auto append = [&changed](std::string_view piece) { changed += piece; };
  bool placed = false;
  std::size_t count = 0;
  for (std::string_view rest = text_; !rest.empty() || !placed;) {
    const std::string_view other = next_member(rest);
    if (count++ != 0) changed += ',';
    if (other.empty() || key_of(other) == key) {
      placed = true;
      if (!detail::normalise_member(member, append)) return false;
    } else {
      changed += other;
    }
  }
  if (count > max_members || changed.size() > max_bytes) return false;
  text_ = std::move(changed);
  return true;
}

bool baggage::erase(std::string_view key) noexcept { return detail::erase_member(text_, key); }

parsed_baggage parse_baggage(std::span<const std::string_view> values) noexcept {
  parsed_baggage result;
  member_list list;
  for (std::string_view rest : values) {
    while (!rest.empty()) {
      const std::string_view member = detail::trim(next_member(rest));
      if (member.empty()) continue;
      std::size_t length = 0;
      std::string_view key;
      const auto measure = [&](std::string_view piece) {
        if (length == 0) key = piece;
        length += piece.size();
      };
      if (!detail::normalise_member(member, measure)) {
        ++result.malformed;
      } else if (!list.add(member, key, length)) {
        ++result.over_limit;
      }
    }
  }
  try {
    result.kept.text_ = list.text();
  } catch (...) {
    // Out of memory: a request goes on without its baggage rather than not at all.
    result.over_limit += list.count();
  }
  return result;
}

} // namespace weir
