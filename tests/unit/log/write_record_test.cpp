#include "weir/log/write_record.hpp"

#include "captured_stream.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

using weir::field;

namespace {

/// Too large for registers, so it comes by reference.
struct matrix {
  std::array<int, 9> cells;
};

} // namespace

template <>
inline constexpr bool weir::copy_safe<matrix> = true;
template <>
struct fmt::formatter<matrix> : fmt::formatter<fmt::string_view> {
  auto format(const matrix& m, fmt::format_context& context) const {
    return fmt::format_to(context.out(), "{}-{}", m.cells.front(), m.cells.back());
  }
};

TEST_CASE("write_record: many values of all kinds arrive, whatever else the record has", "[log][record]") {
  captured_stream test;
  const std::string text(40, 't'), name = "name";
  const std::vector<int> list{1, 2};
  const matrix cells{{1, 2, 3, 4, 5, 6, 7, 8, 9}};
  const auto log_all = [&](weir::logger& log) {
    WEIR_INFO(log, "{} {} {} {} {} {} {} {} {} {} {}", 1, text, 2U, 0.5, std::int64_t{-3}, 'c', name, 0.25F, true,
              cells, list, field<"a">(std::uint64_t{4}), field<"b">(text), field<"c">(list), field<"d">(cells));
  };
  const std::string all = "1 " + text + " 2 0.5 -3 c name 0.25 true 1-9 [1, 2] a=4 b=" + text + " c=[1,2] d=1-9";

  log_all(test.log());
  weir::correlation ids{.trace_id_high = 1, .trace_id_low = 2, .span_id = 3};
  weir::current_correlation = &ids;
  log_all(test.log());
  const auto carried = weir::carried_fields::make(nullptr, field<"e">(5));
  ids.fields = carried.get();
  log_all(test.log());
  weir::current_correlation = nullptr;
  weir::bound_logger bound = test.log().with(field<"e">(6));
  log_all(bound);
  CHECK(test.lines() == std::vector<std::string>{all, all, all + " e=5", all + " e=6"});
}

TEST_CASE("write_record: records with the causal clock are written in the same way", "[log][record]") {
  captured_stream test;
  weir::set_stamp_order(weir::stamp_order::causal);
  for (int i = 0; i < 1000; ++i) WEIR_INFO(test.log(), "{} {}", i, "text", field<"k">(i));
  weir::set_stamp_order(weir::stamp_order::loose);
  const auto lines = test.lines();
  REQUIRE(lines.size() == 1000);
  CHECK(lines.back() == "999 text k=999");
}

TEST_CASE("write_record: at every size of a value chunks are filled and left in order", "[log][record]") {
  captured_stream test({.memory_limit_bytes = 1 << 20, .chunk_bytes = 4096, .record_limit_bytes = 4096});
  std::vector<std::string> expected;
  for (std::size_t size = 0; size < 500; ++size) {
    expected.push_back(std::string(size, 'x'));
    WEIR_INFO(test.log(), "{}", expected.back());
  }
  CHECK(test.lines() == expected);
}
