#include "weir/log/renderer.hpp"

#include "captured_stream.hpp"
#include "run_program.hpp"
#include "temporary_directory.hpp"
#include "well_formed.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <regex>
#include <string>
#include <vector>

TEST_CASE("json: a line is one object with the renderer's keys first", "[log][renderer]") {
  captured_stream test({}, weir::as_json());
  const weir::correlation ids{0x0123456789abcdef, 0x1, 0xfeedULL};
  weir::current_correlation = &ids;
  WEIR_ERROR(test.log(), "said \"{}\"", "no", weir::field<"n">(1), weir::field<"who">("a\tb"));
  weir::current_correlation = nullptr;
  const std::regex expected(
      R"re(\{"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z","level":"error","logger":"test",)re"
      R"re("message":"said \\"no\\"","trace_id":"0123456789abcdef0000000000000001",)re"
      R"re("span_id":"000000000000feed","n":1,"who":"a\\tb"\})re");
  CHECK(std::regex_match(test.last_line(), expected));
}

TEST_CASE("json: the statement's place in the source comes on request, as far as it is known", "[log][renderer]") {
  captured_stream test({}, weir::as_json({.position = true}));
  const int line = __LINE__ + 1;
  WEIR_INFO(test.log(), "x", weir::field<"n">(1));
  CHECK(test.last_line().ends_with(
      fmt::format(R"("message":"x","code.file.path":"{}","code.line.number":{},"code.function.name":"{}","n":1}})",
                  __FILE__, line, __func__)));
  test.log().log_text(weir::level::info, "y", {.file = "a\"b"});
  CHECK(test.last_line().ends_with(R"("message":"y","code.file.path":"a\"b"})"));
  test.log().log_text(weir::level::info, "z");
  CHECK(test.last_line().ends_with(R"("message":"z"})"));
}

TEST_CASE("json: whatever is logged, jq reads it back", "[log][renderer]") {
  if (!is_installed("jq")) {
    WARN("jq is not installed");
    return;
  }
  const temporary_directory directory;
  const std::string path = directory.file("hostile.json");
  // Valid UTF-8 without NUL comes back exactly; anything else at least as one object.
  std::vector<std::string> exact{"",
                                 "plain",
                                 "\"quotes\" and \\back\\slashes\\",
                                 "line\nfeed\r\ntab\t",
                                 "\x1b[31mred\x1b[0m \x07 \x7f",
                                 "grüße 水 🌊 \xe2\x80\xa8 \xc2\x85",
                                 "{\"json\":[1,2,{}]}",
                                 "\\u0041 \\n %s {}",
                                 fmt::format("{:x>100000}\n", "")};
  std::mt19937 random(1);
  {
    weir::log_stream stream({.sinks = {weir::file_sink(path, weir::as_json())}});
    weir::logger& log = stream.get_logger("hostile \"name\"\n");
    for (const auto& message : exact) log.info("{}", message, weir::field<"again">(message), weir::field<"n">(-0.5));
    for (int i = 0; i < 2000; ++i) {
      std::string bytes(random() % 60, '\0');
      for (char& c : bytes) c = static_cast<char>(random());
      log.info("{}", bytes, weir::field<"again">(bytes), weir::field<"c">(static_cast<char>(random())));
    }
    for (const double d : {1e300, 5e-324, -0.0, 1e16, 123456789012345680.0, 0.1})
      log.info("number", weir::field<"d">(d), weir::field<"f">(static_cast<float>(d)));
  }
  CHECK(lines_of(path).size() == exact.size() + 2000 + 6);
  for (const auto& line : lines_of(path))
    if (!is_one_valid_line(line)) FAIL(line);

  CHECK(run_program("jq -e . " + path + " >/dev/null").status == 0);
  CHECK(run_program("jq -s 'length' " + path).output == std::to_string(exact.size() + 2000 + 6) + "\n");
  CHECK(run_program("jq -s 'all(.logger == \"hostile \\\"name\\\"\\n\")' " + path).output == "true\n");
  CHECK(run_program("jq -s 'map(.d // empty | type) | all(. == \"number\")' " + path).output == "true\n");
  std::string joined;
  for (const auto& message : exact) joined += message + "|" + message + "|";
  const std::string count = std::to_string(exact.size());
  CHECK(run_program("head -n " + count + " " + path + " | jq -j '.message + \"|\" + .again + \"|\"'").output ==
        joined);
}
