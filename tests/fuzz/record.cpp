// Any arguments, encoded as a log call encodes them, are decoded and rendered as one line by each renderer; JSON and
// logfmt are read back, and the values are what they were.
#include "weir/log/record.hpp"
#include "weir/log/renderer.hpp"

#include "input.hpp"
#include "log/logfmt_reader.hpp"
#include "log/well_formed.hpp"

#include <boost/json/src.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using namespace weir;

using text_field = detail::field_argument<"text", std::string_view>;
using number_field = detail::field_argument<"number", double>;
using integer_field = detail::field_argument<"integer", std::int64_t>;

template <class... T>
std::vector<std::byte> encoded(const T&... values) {
  std::vector<std::byte> bytes((std::size_t{0} + ... + detail::codec<T>::size(values)));
  std::byte* at = bytes.data();
  ((at = detail::codec<T>::write(at, values)), ...);
  must(at == bytes.data() + bytes.size());
  return bytes;
}

std::string rendered(renderer& by, const record& entry) {
  text_buffer out;
  by.render(entry, out);
  must(out.size() > 0 && out[out.size() - 1] == '\n');
  const std::string line(out.data(), out.size() - 1);
  must(is_one_valid_line(line));
  return line;
}

struct record_values {
  std::string_view message, text, logger;
  std::int64_t integer;
  double number;
  bool whole; // not cut
};

void check_json(const std::string& line, const record_values& values) {
  boost::json::error_code error;
  const boost::json::value parsed = boost::json::parse(line, error);
  must(!error);
  const boost::json::object& object = parsed.as_object();
  must(object.at("integer").to_number<std::int64_t>() == values.integer);
  // Boost.JSON 1.81 may be off by a few units in the last place.
  if (std::isfinite(values.number) && std::abs(values.number) > 1e-300)
    must(std::abs(object.at("number").to_number<double>() - values.number) <= 1e-14 * std::abs(values.number));
  if (is_utf8(values.text)) must(object.at("text").as_string() == values.text);
  if (is_utf8(values.logger)) must(object.at("logger").as_string() == values.logger);
  if (is_utf8(values.message)) must(std::string_view(object.at("message").as_string()).starts_with(values.message));
  must(object.at("list").is_array() == values.whole && object.at("map").is_object() == values.whole);
  if (values.whole && is_utf8(values.text)) {
    must(object.at("list").as_array().at(1).as_string() == values.text);
    // A key with the text of an escape has its backslash escaped.
    must(object.at("map").as_object().contains(values.text) || values.text.find("\\x") != values.text.npos);
  }
}

void check_logfmt(const std::string& line, const record_values& values) {
  const auto pairs = read_logfmt(line);
  must(pairs.has_value() && pairs->size() >= 9);
  std::string keys;
  for (const logfmt_pair& each : *pairs) keys += each.key + ' ';
  must(keys == "time level logger message text number integer list map " ||
       keys == "time level logger message trace_id span_id text number integer list map ");
  const auto value_of = [&](std::string_view key) { return *std::ranges::find(*pairs, key, &logfmt_pair::key); };
  if (is_utf8(values.logger)) must(value_of("logger").value == values.logger);
  if (is_utf8(values.message)) must(value_of("message").value.starts_with(values.message));
  if (is_utf8(values.text)) must(value_of("text").value == values.text);
  must(value_of("integer").value == std::to_string(values.integer) && !value_of("integer").quoted);
  if (std::isfinite(values.number)) must(std::strtod(value_of("number").value.c_str(), nullptr) == values.number);
  boost::json::error_code error;
  const boost::json::value list = boost::json::parse(value_of("list").value, error);
  if (!values.whole) return;
  must(!error);
  if (is_utf8(values.text)) must(list.as_array().at(1).as_string() == values.text);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  input in(data, size);
  const std::string logger = in.text(), message = in.text(), text = in.text();
  const auto integer = in.value<std::int64_t>();
  const auto number = in.value<double>();
  const auto character = in.value<std::uint8_t>();
  const auto real = in.value<float>();
  const auto ids = in.value<correlation>();
  const auto time = in.value<std::uint32_t>() * std::int64_t{1'000'000'007};

  const std::vector<std::string> list{message, text};
  const std::map<std::string, std::pair<double, std::optional<std::string>>> map{{text, {number, message}},
                                                                                 {logger, {real, {}}}};
  const auto list_field = field<"list">(list);
  const auto map_field = field<"map">(map);
  using list_view = typename detail::codec<std::remove_cv_t<decltype(list_field)>>::encoded;
  using map_view = typename detail::codec<std::remove_cv_t<decltype(map_field)>>::encoded;

  const auto arguments = encoded(std::string_view(message), integer, static_cast<int>(character & 0x7fU), real,
                                 text_field{std::string_view(text)}, number_field{number}, integer_field{integer},
                                 list_field, map_field);
  static constinit const detail::call_site site{
      .format = "{} \"{{\" {:>5} {:c} {}",
      .file = "file.cpp",
      .line = 1,
      .arguments = detail::argument_types<std::string_view, std::int64_t, std::int32_t, float, text_field,
                                          number_field, integer_field, list_view, map_view>};
  const record entry(site, level::info, arguments.data(), logger, time, (ids.span_id & 1U) != 0 ? &ids : nullptr, nullptr,
                     character);
  // Of a record that was cut, structures are strings.
  const record_values values{message, text, logger, integer, number, character == 0};
  rendered(*as_text(), entry);
  rendered(*as_text("%+|%64!v|%=40v|%&|%W|%-9!n|%s", pattern_time::utc), entry);
  check_json(rendered(*as_json(), entry), values);
  check_logfmt(rendered(*as_logfmt(), entry), values);
  return 0;
}
