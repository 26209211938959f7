// Any arguments, encoded as a log call encodes them, are decoded and rendered as one line, and as JSON that a parser
// reads back.
#include "weir/log/record.hpp"
#include "weir/log/renderer.hpp"

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

void must(bool holds) {
  if (!holds) std::abort();
}

using text_field = detail::field_argument<"text", std::string_view>;
using number_field = detail::field_argument<"number", double>;
using integer_field = detail::field_argument<"integer", std::int64_t>;

/// Takes the input apart, front to back.
class input {
 public:
  input(const std::uint8_t* data, std::size_t size) : at_(data), left_(size) {}
  template <class T>
  T value() {
    T all{};
    const std::size_t n = std::min(sizeof all, left_);
    std::memcpy(&all, at_, n);
    skip(n);
    return all;
  }
  std::string text() {
    const std::size_t n = std::min<std::size_t>(value<std::uint8_t>(), left_);
    std::string all(reinterpret_cast<const char*>(at_), n);
    skip(n);
    return all;
  }

 private:
  void skip(std::size_t n) {
    at_ += n;
    left_ -= n;
  }
  const std::uint8_t* at_;
  std::size_t left_;
};

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
  const record entry(site, level::info, arguments.data(), logger, time, (ids.span_id & 1U) != 0 ? &ids : nullptr, {},
                     character);
  const auto text_lines = as_text(), json_lines = as_json();
  rendered(*text_lines, entry);
  boost::json::error_code error;
  const boost::json::value parsed = boost::json::parse(rendered(*json_lines, entry), error);
  must(!error);
  const boost::json::object& object = parsed.as_object();
  must(object.at("integer").to_number<std::int64_t>() == integer);
  // Boost.JSON 1.81 may be off by a few units in the last place.
  if (std::isfinite(number) && std::abs(number) > 1e-300)
    must(std::abs(object.at("number").to_number<double>() - number) <= 1e-14 * std::abs(number));
  if (is_one_valid_line(text)) must(object.at("text").as_string() == text);
  if (is_one_valid_line(logger)) must(object.at("logger").as_string() == logger);
  must(object.at("message").as_string().find('{') != boost::json::string::npos);
  // Of a record that was cut, structures are strings.
  must(object.at("list").is_array() == (character == 0) && object.at("map").is_object() == (character == 0));
  if (character == 0 && is_one_valid_line(text)) {
    must(object.at("list").as_array().at(1).as_string() == text);
    must(object.at("map").as_object().contains(text));
  }
  return 0;
}
