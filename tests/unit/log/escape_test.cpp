#include "log/escape.hpp"

#include "well_formed.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <string>

using weir::field_style;
using weir::text_buffer;
using weir::detail::copy_if_plain;
using weir::detail::copy_if_token;

namespace {

std::string escaped(std::string_view raw, field_style style) {
  text_buffer out;
  weir::detail::append_escaped(out, raw, style);
  return {out.data(), out.size()};
}

std::string escaped_in_place(std::string_view raw, field_style style) {
  text_buffer out;
  weir::append(out, "front\n"); // what stands before is left alone
  weir::append(out, raw);
  weir::detail::escape_tail(out, 6, style);
  REQUIRE(std::string_view(out.data(), 6) == "front\n");
  return {out.data() + 6, out.size() - 6};
}

/// Bytes in which whole characters, broken ones and controls are all frequent.
std::string random_bytes(std::mt19937& random) {
  static const std::string pieces[] = {"\n",
                                       "\r",
                                       "\t",
                                       "\x1b[31m",
                                       "\"",
                                       "\\",
                                       "ü",
                                       "水",
                                       "🌊",
                                       "\xc2\x85",
                                       "\xe2\x80\xa8",
                                       "\xed\xa0\x80",
                                       "\xf4\x90\x80\x80",
                                       "\xc0\x80",
                                       "\xff",
                                       "plain ascii text",
                                       std::string(1, '\0'),
                                       "\x7f"};
  std::string bytes;
  for (auto left = random() % 24; left > 0; --left) {
    if (random() % 2 == 0)
      bytes += pieces[random() % std::size(pieces)];
    else
      bytes += static_cast<char>(random() % 256);
  }
  return bytes;
}

} // namespace

TEST_CASE("escape: in text", "[log][escape]") {
  const auto check = [](std::string_view raw, std::string_view expected) {
    CHECK(escaped(raw, field_style::text) == expected);
    CHECK(escaped_in_place(raw, field_style::text) == expected);
  };
  check("", "");
  check("plain \"quoted\" \\ text", "plain \"quoted\" \\ text");
  check("a\nb\rc\td", "a\\nb\\rc\\td");
  check("\x1b[31mred", "\\x1b[31mred");
  check(std::string_view("\0\x01\x7f", 3), "\\x00\\x01\\x7f");
  check("\xc2\x85", "\\u0085"); // NEL
  check("\xe2\x80\xa8\xe2\x80\xa9", "\\u2028\\u2029");
  check("grüße 水 🌊", "grüße 水 🌊");
  check("\xff\xfe", "\\xff\\xfe");
}

TEST_CASE("escape: in JSON", "[log][escape]") {
  const auto check = [](std::string_view raw, std::string_view expected) {
    CHECK(escaped(raw, field_style::json) == expected);
    CHECK(escaped_in_place(raw, field_style::json) == expected);
  };
  check("", "");
  check("\"quoted\" \\ back", "\\\"quoted\\\" \\\\ back");
  check("a\nb\rc\td", "a\\nb\\rc\\td");
  check("\x1b[31mred", "\\u001b[31mred");
  check("\x7f\xc2\x80", "\\u007f\\u0080");
  check("grüße 水 🌊", "grüße 水 🌊");
  check("\xff", "\\\\xff");
}

TEST_CASE("escape: broken UTF-8 is told from whole characters byte by byte", "[log][escape]") {
  const auto check = [](std::string_view raw, std::string_view expected) {
    CHECK(escaped(raw, field_style::text) == expected);
  };
  check("\xc3", "\\xc3");                                     // cut short
  check("\xe6\xb0", "\\xe6\\xb0");                            // cut short
  check("\xf0\x9f\x8c", "\\xf0\\x9f\\x8c");                   // cut short
  check("\xc0\xaf", "\\xc0\\xaf");                            // overlong '/'
  check("\xe0\x80\xaf", "\\xe0\\x80\\xaf");                   // overlong '/'
  check("\xf0\x80\x80\xaf", "\\xf0\\x80\\x80\\xaf");          // overlong '/'
  check("\xed\xa0\x80", "\\xed\\xa0\\x80");                   // a surrogate
  check("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80");          // above U+10FFFF
  check("\xf8\x88\x80\x80\x80", "\\xf8\\x88\\x80\\x80\\x80"); // five bytes
  check("\x80\xbf", "\\x80\\xbf");                            // continuations alone
  check("\xc3ü", "\\xc3ü");                                   // a whole one behind a broken one
  check("\xe6\xb0x", "\\xe6\\xb0x");
  check("\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf", "\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf"); // the limits
}

TEST_CASE("escape: a byte is found wherever it stands in a word", "[log][escape]") {
  for (std::size_t length = 1; length <= 20; ++length)
    for (std::size_t place = 0; place < length; ++place)
      for (int byte = 0; byte < 256; ++byte) {
        std::string raw(length, 'a');
        raw[place] = static_cast<char>(byte);
        for (const auto style : {field_style::text, field_style::json}) {
          const bool plain =
              byte >= 0x20 && byte < 0x7f && (style == field_style::text || (byte != '"' && byte != '\\'));
          const std::string out = escaped(raw, style);
          if ((out == raw) != plain || weir::detail::is_plain(raw, style) != plain)
            FAIL("byte " << byte << " at " << place << " of " << length << " became " << out);
        }
      }
}

TEST_CASE("escape: plain text is copied whole and nothing behind it, and no other text", "[log][escape]") {
  const auto check = [](const std::string& raw, bool plain, auto copy) {
    std::string to(raw.size() + 1, '#');
    if (copy(to.data(), raw) != plain || to.back() != '#' || (plain && to != raw + '#'))
      FAIL("\"" << raw << "\" became \"" << to << '"');
  };
  for (std::size_t length = 1; length <= 36; ++length)
    for (std::size_t place = 0; place < length; ++place)
      for (int byte = 0; byte < 256; ++byte) {
        std::string raw(length, 'a');
        raw[place] = static_cast<char>(byte);
        const bool in_text = byte >= 0x20 && byte < 0x7f, in_json = in_text && byte != '"' && byte != '\\';
        check(raw, in_text, [](char* to, auto& from) { return copy_if_plain(to, from, field_style::text); });
        check(raw, in_json, [](char* to, auto& from) { return copy_if_plain(to, from, field_style::json); });
        check(raw, in_json && byte != ' ' && byte != '=',
              [](char* to, auto& from) { return copy_if_token(to, from); });
      }
  char nothing = '#';
  CHECK(copy_if_plain(&nothing, {}, field_style::json));
  CHECK_FALSE(copy_if_token(&nothing, {})); // an empty value has to be quoted to be seen
  CHECK(nothing == '#');
}

TEST_CASE("escape: whatever comes in, one line of valid UTF-8 comes out", "[log][escape]") {
  std::mt19937 random(20240607);
  for (int i = 0; i < 200'000; ++i) {
    const std::string raw = random_bytes(random);
    const std::string text = escaped(raw, field_style::text);
    const std::string json = escaped(raw, field_style::json);
    if (!is_one_valid_line(text)) FAIL("text: " << text);
    if (!is_json_string_inside(json)) FAIL("JSON: " << json);
    if (escaped(text, field_style::text) != text) FAIL("escaped text is not plain: " << text);
    if (escaped_in_place(raw, field_style::text) != text || escaped_in_place(raw, field_style::json) != json)
      FAIL("in place it came out differently: " << text);
  }
}

TEST_CASE("escape: printable ASCII passes unchanged through text", "[log][escape]") {
  std::mt19937 random(7);
  for (int i = 0; i < 10'000; ++i) {
    std::string raw(random() % 40, ' ');
    for (char& c : raw) c = static_cast<char>(0x20 + random() % 0x5f);
    if (escaped(raw, field_style::text) != raw) FAIL(raw);
  }
}
