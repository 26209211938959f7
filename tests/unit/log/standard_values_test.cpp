// Neither <fmt/chrono.h> nor <fmt/std.h> here: none of this needs them.
#include "weir/log/standard_values.hpp"

#include "captured_stream.hpp"

#include "weir/log/streamed.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <exception>
#include <filesystem>
#include <functional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

using weir::field;
using namespace std::chrono_literals;

namespace {

struct only_streams {
  int value;
  friend std::ostream& operator<<(std::ostream& out, const only_streams& s) { return out << "s=" << s.value; }
};
struct stream_throws {
  friend std::ostream& operator<<(std::ostream&, const stream_throws&) { throw std::runtime_error("no"); }
};

/// As an argument and as a field: `argument field`.
template <class T>
std::string logged(const T& value) {
  captured_stream test({}, as_bare_json());
  WEIR_INFO(test.log(), "{}", value, field<"k">(value));
  test.log().info("{}", value, field<"k">(value));
  const auto lines = test.lines();
  CHECK(lines[0] == lines[1]);
  return lines[0];
}
std::string as_string(const std::string& text) { return text + ",\"k\":\"" + text + "\""; }

/// Runs `fail` and passes on what it throws, within another exception.
template <class Fail>
[[noreturn]] void wrap(const char* what, Fail fail) {
  try {
    fail();
  } catch (...) {
    std::throw_with_nested(std::runtime_error(what));
  }
  throw std::logic_error("did not throw");
}

} // namespace

TEST_CASE("standard_values: an error code is its category, number and message", "[log][values]") {
  const auto code = std::make_error_code(std::errc::no_such_file_or_directory);
  CHECK(logged(code) == as_string("generic:2 No such file or directory"));
  CHECK(logged(std::error_condition(code.default_error_condition())) ==
        as_string("generic:2 No such file or directory"));
  CHECK(logged(std::errc::no_such_file_or_directory) == as_string("generic:2 No such file or directory"));
  CHECK(logged(std::error_code()) == as_string("system:0 Success"));
  CHECK(logged(std::vector{code}) ==
        R"([\"generic:2 No such file or directory\"],"k":["generic:2 No such file or directory"])");
}

TEST_CASE("standard_values: an error code's category need not be there when the record is written", "[log][values]") {
  struct mine : std::error_category {
    std::string text = "text of its own, on the heap";
    const char* name() const noexcept override { return "mine"; }
    std::string message(int) const override { return text; }
  };
  captured_stream test;
  test.sink().block();
  {
    const mine category;
    WEIR_INFO(test.log(), "{}", std::error_code(1, category), field<"k">(std::error_code(2, category)));
  }
  test.sink().unblock();
  CHECK(test.last_line() == "mine:1 text of its own, on the heap k=\"mine:2 text of its own, on the heap\"");
}

TEST_CASE("standard_values: a duration travels as it is", "[log][values]") {
  STATIC_REQUIRE(weir::detail::recorded<std::chrono::milliseconds>::as_they_are);
}

TEST_CASE("standard_values: an exception is what it says", "[log][values]") {
  CHECK(logged(std::runtime_error("broken")) == as_string("broken"));
  try {
    throw std::system_error(std::make_error_code(std::errc::io_error), "read");
  } catch (const std::exception& error) {
    CHECK(logged(error) == as_string("read: Input/output error"));
  }
}

TEST_CASE("standard_values: nested exceptions are a chain", "[log][values]") {
  try {
    wrap("outer", [] { wrap("middle", [] { throw std::runtime_error("inner"); }); });
  } catch (const std::exception& error) {
    CHECK(logged(error) == as_string("outer: middle: inner"));
    CHECK(logged(std::current_exception()) == as_string("outer: middle: inner"));
  }
  try {
    wrap("outer", [] { throw 42; });
  } catch (const std::exception& error) {
    CHECK(logged(error) == as_string("outer: unknown exception"));
  }
}

TEST_CASE("standard_values: an exception pointer is what it points to", "[log][values]") {
  CHECK(logged(std::exception_ptr()) == as_string("none"));
  CHECK(logged(std::make_exception_ptr(std::runtime_error("broken"))) == as_string("broken"));
  CHECK(logged(std::make_exception_ptr(42)) == as_string("unknown exception"));
}

TEST_CASE("standard_values: a duration has its unit behind it", "[log][values]") {
  CHECK(logged(-15ns) == as_string("-15ns"));
  CHECK(logged(15us) == as_string("15µs"));
  CHECK(logged(1500ms) == as_string("1500ms"));
  CHECK(logged(3s) == as_string("3s"));
  CHECK(logged(2min) == as_string("2m"));
  CHECK(logged(1h) == as_string("1h"));
  CHECK(logged(std::chrono::days(2)) == as_string("2[86400]s"));
  CHECK(logged(std::chrono::duration<unsigned char, std::ratio<1, 30>>(200)) == as_string("200[1/30]s"));
  CHECK(logged(std::chrono::duration<double>(0.25)) == as_string("0.25s"));
  CHECK(logged(std::chrono::duration<float, std::milli>(1.5F)) == as_string("1.5ms"));
  captured_stream test;
  WEIR_INFO(test.log(), "{:>8}|", 1500ms);
  CHECK(test.last_line() == "  1500ms|");
  test.log().info("{:%>8}|", 1500ms);
  CHECK(test.last_line() == "%%1500ms|");
}

TEST_CASE("standard_values: a path is its text", "[log][values]") {
  CHECK(logged(std::filesystem::path("/var/log/a b")) == as_string("/var/log/a b"));
}

TEST_CASE("standard_values: references and atomics are the value behind them", "[log][values]") {
  int number = 7;
  const std::string text = "text";
  const std::vector<int> list{1, 2};
  CHECK(logged(std::ref(number)) == "7,\"k\":7");
  CHECK(logged(std::cref(text)) == as_string("text"));
  CHECK(logged(std::cref(list)) == "[1, 2],\"k\":[1,2]");
  CHECK(logged(std::atomic<int>(8)) == "8,\"k\":8");
  CHECK(logged(std::atomic<bool>(true)) == "true,\"k\":true");
}

TEST_CASE("standard_values: what only streams is streamed at the call", "[log][values]") {
  CHECK(logged(weir::streamed(only_streams{1})) == as_string("s=1"));
  CHECK(logged(weir::streamed(stream_throws{})) == as_string("[unformattable]"));
  std::ostringstream id;
  id << std::this_thread::get_id();
  CHECK(logged(weir::streamed(std::this_thread::get_id())) == as_string(id.str()));
  const auto kept = weir::streamed(only_streams{2}); // holds what was a temporary
  CHECK(logged(kept) == as_string("s=2"));
  captured_stream test;
  only_streams value{1};
  test.sink().block();
  WEIR_INFO(test.log(), "{:>6}", weir::streamed(value));
  value.value = 2;
  test.sink().unblock();
  CHECK(test.last_line() == "   s=1");
}
