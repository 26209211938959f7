#include "weir/log/hex.hpp"

#include "captured_stream.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cstddef>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using weir::hex;
using weir::hex_style;

namespace {
std::vector<unsigned char> counting(std::size_t size) {
  std::vector<unsigned char> bytes(size);
  std::iota(bytes.begin(), bytes.end(), static_cast<unsigned char>(0));
  return bytes;
}
} // namespace

TEST_CASE("hex: compact is two digits a byte", "[log][hex]") {
  CHECK(hex(std::string("\x00\x7f\x80\xff"
                        "A",
                        5))
            .text() == "007f80ff41");
  CHECK(hex(std::string_view()).text().empty());
  CHECK(hex(std::array{std::byte{0xab}}).text() == "ab");
  const std::uint16_t words[] = {0x0101, 0xfefe};
  CHECK(hex(std::span(words)).text() == "0101fefe");
  CHECK(hex(words, 1).text() == "01");
}

TEST_CASE("hex: a dump has offsets and what is printable", "[log][hex]") {
  CHECK(hex(std::string_view("GET / HTTP/1.1\r\nHost"), {.style = hex_style::dump}).text() ==
        "00000000  47 45 54 20 2f 20 48 54  54 50 2f 31 2e 31 0d 0a  |GET / HTTP/1.1..|\n"
        "00000010  48 6f 73 74                                       |Host|");
  CHECK(hex(std::string_view(), {.style = hex_style::dump}).text().empty());
}

TEST_CASE("hex: there is a limit, and it shows", "[log][hex]") {
  CHECK(hex(counting(256)).text().size() == 512);
  CHECK(hex(counting(257)).text() == hex(counting(256)).text() + "… (257 bytes)");
  CHECK(hex(counting(4), {.most_bytes = 2}).text() == "0001… (4 bytes)");
  CHECK(hex(counting(4), {.most_bytes = 0}).text() == "… (4 bytes)");
  CHECK(hex(counting(20), {.style = hex_style::dump, .most_bytes = 16}).text().ends_with("|\n… (20 bytes)"));
}

TEST_CASE("hex: it holds what was a temporary", "[log][hex]") {
  captured_stream test;
  const auto kept = hex(counting(64), {.most_bytes = 4});
  const auto overwriting = std::vector<unsigned char>(64, 0xff);
  test.log().info("{}", kept);
  CHECK(test.last_line() == "00010203… (64 bytes)");
  std::string named = "AB";
  test.log().info("{} {}", hex(named), hex(std::as_const(named)));
  CHECK(test.last_line() == "4142 4142");
  test.log().info("{}", hex(std::array<unsigned char, 2>{1, 2}));
  CHECK(test.last_line() == "0102");
}

TEST_CASE("hex: the bytes are read at the call", "[log][hex]") {
  captured_stream test;
  auto bytes = counting(3);
  test.sink().block();
  WEIR_INFO(test.log(), "{} {:>8}", hex(bytes), hex(bytes), weir::field<"k">(hex(bytes)));
  test.log().info("{}", hex(bytes, {.style = hex_style::dump}));
  bytes.assign(3, 0xff);
  test.sink().unblock();
  const auto lines = test.lines();
  CHECK(lines[0] == "000102   000102 k=000102");
  CHECK(lines[1] == "00000000  00 01 02                                          |...|");
}
