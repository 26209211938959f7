// Range headers: RFC 9110, section 14.
#include "weir/http/byte_ranges.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace {

using weir::byte_range;
using kind = weir::selected_ranges::kind;

struct row {
  const char* what;
  std::string header;
  std::uint64_t size;
  kind expected;
  std::vector<byte_range> ranges{};
};

void check(const std::vector<row>& rows) {
  for (const row& each : rows) {
    INFO(each.what << ": " << each.header);
    const auto found = weir::select_ranges(each.header, each.size);
    CHECK(found.what() == each.expected);
    CHECK(std::vector<byte_range>(found.ranges().begin(), found.ranges().end()) == each.ranges);
  }
}

std::string many(std::size_t count) {
  std::string header = "bytes=0-0";
  while (--count != 0) header += ",0-0";
  return header;
}

} // namespace

TEST_CASE("ranges: the standard's examples (RFC 9110 14.1.2)", "[http][ranges]") {
  check({
      {"the first 500 bytes", "bytes=0-499", 10'000, kind::partial, {{0, 500}}},
      {"the second 500 bytes", "bytes=500-999", 10'000, kind::partial, {{500, 500}}},
      {"the final 500 bytes", "bytes=-500", 10'000, kind::partial, {{9500, 500}}},
      {"the same", "bytes=9500-", 10'000, kind::partial, {{9500, 500}}},
      {"the first and the last byte", "bytes=0-0,-1", 10'000, kind::partial, {{0, 1}, {9999, 1}}},
      {"the first, middle, and last 1000",
       "bytes= 0-999, 4500-5499, -1000",
       10'000,
       kind::partial,
       {{0, 1000}, {4500, 1000}, {9000, 1000}}},
      {"adjacent", "bytes=500-600,601-999", 10'000, kind::partial, {{500, 101}, {601, 399}}},
      {"overlapping", "bytes=500-700,601-999", 10'000, kind::partial, {{500, 201}, {601, 399}}},
  });
}

TEST_CASE("ranges: ends are clamped, and a suffix longer than the whole is the whole", "[http][ranges]") {
  check({
      {"an end behind the end", "bytes=90-100", 100, kind::partial, {{90, 10}}},
      {"far behind", "bytes=0-18446744073709551615", 100, kind::partial, {{0, 100}}},
      {"too far to be a number", "bytes=99-99999999999999999999999", 100, kind::partial, {{99, 1}}},
      {"a longer suffix", "bytes=-101", 100, kind::partial, {{0, 100}}},
      {"much longer", "bytes=-99999999999999999999999", 100, kind::partial, {{0, 100}}},
      {"some that lie behind", "bytes=100-,0-1,200-300", 100, kind::partial, {{0, 2}}},
      {"a large resource", "bytes=18446744073709551614-", UINT64_MAX, kind::partial, {{UINT64_MAX - 1, 1}}},
      {"the largest whole", "bytes=0-", UINT64_MAX, kind::partial, {{0, UINT64_MAX}}},
  });
}

TEST_CASE("ranges: none within the resource cannot be satisfied (RFC 9110 15.5.17)", "[http][ranges]") {
  check({
      {"at the end", "bytes=100-", 100, kind::unsatisfiable},
      {"behind it", "bytes=200-300,400-", 100, kind::unsatisfiable},
      {"too far to be a number", "bytes=99999999999999999999999-", 100, kind::unsatisfiable},
      {"a suffix of nothing", "bytes=-0", 100, kind::unsatisfiable},
      {"of an empty resource", "bytes=0-0", 0, kind::unsatisfiable},
      {"an empty suffix of an empty one", "bytes=-00", 0, kind::unsatisfiable},
  });
}

TEST_CASE("ranges: what is not of the form, or of another unit, is ignored (RFC 9110 14.2)", "[http][ranges]") {
  check({
      {"another unit", "items=0-5", 100, kind::whole},
      {"the unit in any case", "BYTES=0-5", 100, kind::partial, {{0, 6}}},
      {"an end before its beginning", "bytes=5-4", 100, kind::whole},
      {"among others", "bytes=0-1,5-4", 100, kind::whole},
      {"even behind the resource", "bytes=500-400", 100, kind::whole},
      {"none", "bytes=", 100, kind::whole},
      {"empty members only", "bytes=, ,", 100, kind::whole},
      {"empty members are passed over", "bytes=,0-1,,2-3,", 100, kind::partial, {{0, 2}, {2, 2}}},
      {"no unit", "0-5", 100, kind::whole},
      {"nothing", "", 100, kind::whole},
      {"a space before the sign", "bytes =0-5", 100, kind::whole},
      {"a number alone", "bytes=5", 100, kind::whole},
      {"a dash alone", "bytes=-", 100, kind::whole},
      {"two dashes", "bytes=0-5-9", 100, kind::whole},
      {"signs", "bytes=+0-5", 100, kind::whole},
      {"a negative number", "bytes=0--5", 100, kind::whole},
      {"hexadecimal", "bytes=0x0-5", 100, kind::whole},
      {"spaces within", "bytes=0 - 5", 100, kind::whole},
      {"two headers in one", "bytes=0-1, bytes=2-3", 100, kind::whole},
      {"all of an empty resource", "bytes=-5", 0, kind::whole},
  });
}

TEST_CASE("ranges: a response does not grow beyond the resource by what is asked", "[http][ranges]") {
  check({
      {"together as long as it", "bytes=0-49,50-99", 100, kind::partial, {{0, 50}, {50, 50}}},
      {"longer by one", "bytes=0-50,50-99", 100, kind::whole},
      {"the same again and again", "bytes=0-,0-,0-,0-", 100, kind::whole},
      {"so long that a sum would wrap", "bytes=0-,0-1", UINT64_MAX, kind::whole},
      {"too many", many(65), 1000, kind::whole},
      {"too many, though behind the end", many(65), 0, kind::whole},
  });
  const auto found = weir::select_ranges(many(64), 1000);
  CHECK(found.what() == kind::partial);
  CHECK(found.ranges().size() == 64);
}
