// Logs strings that somebody else has thought of, and a record of every kind of value, through each renderer.
//
//   hostile_writer CORPUS DIRECTORY
//
// CORPUS: each string behind its length, four bytes, the lowest first. DIRECTORY gets the files text, pattern, logfmt
// and json, each with a line for each record. Prints how many records there are.
#include <weir/log.hpp>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace {

std::vector<std::string> strings_in(const char* path) {
  std::ifstream in(path, std::ios::binary);
  const std::string all{std::istreambuf_iterator<char>(in), {}};
  std::vector<std::string> strings;
  for (std::size_t at = 0; at + 4 <= all.size();) {
    std::uint32_t size = 0;
    for (unsigned i = 0; i < 4; ++i)
      size |= static_cast<std::uint32_t>(static_cast<unsigned char>(all[at + i])) << 8 * i;
    strings.push_back(all.substr(at + 4, size));
    at += 4 + size;
  }
  return strings;
}

enum class colour { red = 1 };

void log_every_kind(weir::logger& log) {
  using weir::field;
  using integers = std::numeric_limits<std::int64_t>;
  using namespace std::chrono_literals;
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const std::vector<double> doubles{0.1, -0.0, 1e300, 5e-324, std::nan(""), infinity};
  const std::map<std::string, std::optional<int>> map{{"a \"b\"", 1}, {"c\n", std::nullopt}};
  const auto error = std::make_error_code(std::errc::no_such_file_or_directory);
  WEIR_ERROR(log, "{} {} {} {:.3f} {} {} {} {} {} {} {:>4}|{:#x}", true, 'c', integers::min(), 0.1,
             std::numeric_limits<std::uint64_t>::max(), 1.5f, infinity, nullptr, doubles, error, "r", 255,
             field<"boolean">(true), field<"character">('\n'), field<"int8">(std::int8_t{-128}),
             field<"int64">(integers::min()), field<"uint64">(std::numeric_limits<std::uint64_t>::max()),
             field<"beyond_double">(std::int64_t{9007199254740993}), field<"float">(0.1f), field<"double">(0.1),
             field<"tiny">(5e-324), field<"huge">(1e300), field<"minus_zero">(-0.0), field<"nan">(std::nan("")),
             field<"infinity">(infinity), field<"minus_infinity">(-infinity), field<"text">("null"),
             field<"empty">(""), field<"none">(std::optional<int>()), field<"doubles">(doubles), field<"map">(map),
             field<"pair">(std::pair(1, "a")), field<"duration">(1500ms), field<"error">(error),
             field<"enum">(colour::red), field<"path">(std::filesystem::path("/srv/a b")), field<"pointer">(nullptr));
}

int run(const char* corpus, const std::string& directory) {
  const auto strings = strings_in(corpus);
  weir::log_stream stream({.sinks = {
                               weir::file_sink(directory + "/text", weir::as_text()),
                               weir::file_sink(directory + "/pattern", weir::as_text("%+ {%20!n} %s:%# %-30v %&")),
                               weir::file_sink(directory + "/logfmt", weir::as_logfmt()),
                               weir::file_sink(directory + "/json", weir::as_json()),
                           }});
  weir::logger& log = stream.get_logger("log");
  log_every_kind(log);
  const weir::correlation ids{1, 2, 3};
  weir::current_correlation = &ids;
  for (const std::string& each : strings) {
    const std::vector<std::string> list{each};
    WEIR_INFO(log, "{}", each, weir::field<"text">(each), weir::field<"list">(list));
  }
  weir::current_correlation = nullptr;
  for (const std::string& each : strings) stream.get_logger("named " + each).warn("<{:>9}>", each);
  if (!stream.flush(std::chrono::seconds(60))) return 1;
  std::printf("%llu\n", static_cast<unsigned long long>(stream.stats().written));
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 64;
  try {
    return run(argv[1], argv[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "hostile_writer: %s\n", error.what());
    return 1;
  }
}
