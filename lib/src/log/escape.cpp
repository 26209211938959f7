#include "log/escape.hpp"

#include "utf8.hpp"
#include "weir/log/json_text.hpp"

#include <cstdint>
#include <cstring>
#include <string>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace weir::detail {

namespace {

constexpr std::uint64_t ones = 0x0101'0101'0101'0101U, highs = 0x8080'8080'8080'8080U;

/// What counts as plain: printable ASCII, without what the style gives a meaning to.
enum class alphabet { text, json, token };

constexpr bool is_plain_byte(unsigned char c, alphabet of) noexcept {
  if (c < 0x20 || c >= 0x7f) return false;
  if (of != alphabet::text && (c == '"' || c == '\\')) return false;
  return of != alphabet::token || (c != ' ' && c != '=');
}

/// Nonzero if a byte of `word` equals `c`; may also flag a byte above a match, which the caller does not mind.
constexpr std::uint64_t has_byte(std::uint64_t word, unsigned char c) noexcept {
  const std::uint64_t x = word ^ (ones * c);
  return (x - ones) & ~x & highs;
}

/// The bytes of `word` that are not plain, as their high bits; bytes behind the first may be flagged too.
constexpr std::uint64_t loud_bytes(std::uint64_t word, alphabet of) noexcept {
  // Above 0x7f, below 0x20 (borrows into the high bit), or DEL.
  std::uint64_t found = (word | ((word - ones * 0x20) & ~word)) & highs;
  found |= has_byte(word, 0x7f);
  if (of != alphabet::text) found |= has_byte(word, '"') | has_byte(word, '\\');
  if (of == alphabet::token) found |= has_byte(word, ' ') | has_byte(word, '=');
  return found;
}

template <class Word>
Word load(const char* from) noexcept {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

/// Copies sizeof(Word) bytes.
template <class Word>
Word copy_word(char* to, const char* from) noexcept {
  const Word word = load<Word>(from);
  std::memcpy(to, &word, sizeof word);
  return word;
}

/// Copies one to seven bytes. Returns a word that is made of them, each at least once.
std::uint64_t copy_few(char* to, const char* from, std::size_t size) noexcept {
  const std::size_t middle = size / 2, last = size - 1;
  if (size >= 4) {
    const std::uint64_t front = copy_word<std::uint32_t>(to, from);
    return front << 32 | copy_word<std::uint32_t>(to + size - 4, from + size - 4);
  }
  std::uint32_t word = copy_word<unsigned char>(to, from);
  word = word << 8 | copy_word<unsigned char>(to + middle, from + middle);
  word = word << 8 | copy_word<unsigned char>(to + last, from + last);
  word |= word << 24;
  return std::uint64_t{word} << 32 | word;
}

#if defined(__SSE2__)
/// All ones where a byte is not plain.
template <alphabet Of>
__m128i loud_mask(__m128i block) noexcept {
  const auto equals = [&](char c) { return _mm_cmpeq_epi8(block, _mm_set1_epi8(c)); };
  // Signed: what is above 0x7f counts as negative.
  __m128i loud =
      _mm_or_si128(_mm_cmplt_epi8(block, _mm_set1_epi8(Of == alphabet::token ? 0x21 : 0x20)), equals(0x7f));
  if constexpr (Of != alphabet::text) loud = _mm_or_si128(loud, _mm_or_si128(equals('"'), equals('\\')));
  if constexpr (Of == alphabet::token) loud = _mm_or_si128(loud, equals('='));
  return loud;
}

/// Copies 16 bytes.
template <alphabet Of>
__m128i copy_block(char* to, const char* from) noexcept {
  const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), block);
  return loud_mask<Of>(block);
}

template <alphabet Of>
bool copy_plain(char* to, std::string_view raw) noexcept {
  const char* const from = raw.data();
  // The last block or word overlaps the one before.
  if (raw.size() >= 16) {
    const std::size_t last = raw.size() - 16;
    __m128i loud = copy_block<Of>(to + last, from + last);
    for (std::size_t i = 0; i < last; i += 16) loud = _mm_or_si128(loud, copy_block<Of>(to + i, from + i));
    return _mm_movemask_epi8(loud) == 0;
  }
  if (raw.size() >= 8) {
    const std::size_t last = raw.size() - 8;
    const auto both = _mm_set_epi64x(static_cast<long long>(copy_word<std::uint64_t>(to + last, from + last)),
                                     static_cast<long long>(copy_word<std::uint64_t>(to, from)));
    return _mm_movemask_epi8(loud_mask<Of>(both)) == 0;
  }
  if (raw.empty()) return true;
  const auto word = _mm_set1_epi64x(static_cast<long long>(copy_few(to, from, raw.size())));
  return _mm_movemask_epi8(loud_mask<Of>(word)) == 0;
}
#else
template <alphabet Of>
bool copy_plain(char* to, std::string_view raw) noexcept {
  const char* const from = raw.data();
  // The last word overlaps the one before.
  if (raw.size() >= 8) {
    const std::size_t last = raw.size() - 8;
    std::uint64_t loud = loud_bytes(copy_word<std::uint64_t>(to + last, from + last), Of);
    for (std::size_t i = 0; i < last; i += 8) loud |= loud_bytes(copy_word<std::uint64_t>(to + i, from + i), Of);
    return loud == 0;
  }
  return raw.empty() || loud_bytes(copy_few(to, from, raw.size()), Of) == 0;
}
#endif

constexpr alphabet alphabet_of(field_style style) noexcept {
  return style == field_style::json ? alphabet::json : alphabet::text;
}

/// Bytes in front of `text` that need no escape and are ASCII.
std::size_t plain_prefix(std::string_view text, field_style style) noexcept {
  const alphabet of = alphabet_of(style);
  const auto word_at = [&](std::size_t at) { return load<std::uint64_t>(text.data() + at); };
  std::size_t i = 0;
  while (i + 8 <= text.size() && loud_bytes(word_at(i), of) == 0) i += 8;
  // The last bytes once more together with some before them: most texts end here.
  if (text.size() >= 8 && i + 8 > text.size() && loud_bytes(word_at(text.size() - 8), of) == 0) return text.size();
  while (i < text.size() && is_plain_byte(static_cast<unsigned char>(text[i]), of)) ++i;
  return i;
}

/// Of a whole character.
std::uint32_t code_of(std::string_view character) noexcept {
  const std::uint32_t lead = static_cast<unsigned char>(character.front());
  if (character.size() == 1) return lead;
  std::uint32_t code = lead & (0x7fU >> character.size());
  for (const char c : character.substr(1)) code = code << 6 | (static_cast<unsigned char>(c) & 0x3fU);
  return code;
}

void append_hex(text_buffer& out, std::string_view prefix, std::uint32_t value, int digits) {
  append(out, prefix);
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4)
    out.push_back("0123456789abcdef"[(value >> shift) & 0xfU]);
}

void append_code(text_buffer& out, std::uint32_t code, std::string_view as_it_is, field_style style) {
  const bool control = code < 0x20 || (code >= 0x7f && code < 0xa0);
  if (code == '\n')
    append(out, "\\n");
  else if (code == '\r')
    append(out, "\\r");
  else if (code == '\t')
    append(out, "\\t");
  else if (control && style == field_style::text && code < 0x80)
    append_hex(out, "\\x", code, 2);
  else if (control || code == 0x2028 || code == 0x2029)
    append_hex(out, "\\u", code, 4);
  else if (style == field_style::json && (code == '"' || code == '\\')) {
    out.push_back('\\');
    out.push_back(static_cast<char>(code));
  } else
    append(out, as_it_is);
}

} // namespace

bool copy_if_plain(char* to, std::string_view raw, field_style style) noexcept {
  return style == field_style::json ? copy_plain<alphabet::json>(to, raw) : copy_plain<alphabet::text>(to, raw);
}

bool copy_if_token(char* to, std::string_view raw) noexcept {
  return copy_plain<alphabet::token>(to, raw) && !raw.empty();
}

bool is_plain(std::string_view raw, field_style style) noexcept { return plain_prefix(raw, style) == raw.size(); }

void append_escaped(text_buffer& out, std::string_view raw, field_style style) {
  while (!raw.empty()) {
    const std::size_t plain = plain_prefix(raw, style);
    append(out, raw.substr(0, plain));
    raw.remove_prefix(plain);
    if (raw.empty()) return;
    const utf8_sequence next = first_sequence(raw);
    const std::size_t length = next.is_valid ? next.length : 1;
    if (next.is_valid)
      append_code(out, code_of(raw.substr(0, length)), raw.substr(0, length), style);
    else
      append_hex(out, style == field_style::json ? "\\\\x" : "\\x", static_cast<unsigned char>(raw[0]), 2);
    raw.remove_prefix(length);
  }
}

void append_escaped_key(text_buffer& out, std::string_view raw) {
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  for (;;) {
    std::size_t at = raw.find("\\x");
    while (at != raw.npos && !(at + 3 < raw.size() && is_hex(raw[at + 2]) && is_hex(raw[at + 3])))
      at = raw.find("\\x", at + 1);
    append_escaped(out, raw.substr(0, at), field_style::json);
    if (at == raw.npos) return;
    append(out, "\\\\x5c");
    raw.remove_prefix(at + 1);
  }
}

void escape_tail(text_buffer& out, std::size_t begin, field_style style) {
  const std::string_view tail(out.data() + begin, out.size() - begin);
  const std::size_t plain = plain_prefix(tail, style);
  if (plain == tail.size()) return;
  const std::string raw(tail.substr(plain));
  out.resize(begin + plain);
  append_escaped(out, raw, style);
}

} // namespace weir::detail

namespace weir {

void append_json_string(text_buffer& out, std::string_view raw) {
  out.push_back('"');
  detail::append_escaped(out, raw, field_style::json);
  out.push_back('"');
}

} // namespace weir
