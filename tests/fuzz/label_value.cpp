// Any bytes are labels; what is made of them is a value, stays as it is, and its series is found again.
#include "metrics/label_value.hpp"

#include "input.hpp"
#include "utf8.hpp"
#include "weir/metrics/family.hpp"
#include "weir/metrics/series_index.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  input in(data, size);
  const std::string first = in.text();
  std::string second = in.rest();
  // Long ones are rare otherwise.
  while (!second.empty() && second.size() < 5000 && second.front() % 4 == 0) second += second;

  std::array<std::string, 2> values;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::string& given = i == 0 ? first : second;
    std::string& value = values[i];
    value = weir::detail::to_label_value(given);
    must(value.size() <= weir::max_label_value_bytes && weir::detail::is_valid_utf8(value));
    must(weir::detail::is_label_value(value) && weir::detail::to_label_value(value) == value);
    must(!weir::detail::is_label_value(given) || value == given);
  }

  // Found again, and nothing else is.
  weir::detail::series_index index;
  const std::array<std::string_view, 2> views{values[0], values[1]}, swapped{values[1], values[0]};
  weir::detail::series_key key{weir::detail::hash_labels(views), {values[0], values[1]}};
  index.reserve_one();
  index.insert(key);
  must(index.find(weir::detail::hash_labels(views), views) == &key);
  must((index.find(key.hash, swapped) == &key) == (values[0] == values[1]));
  return 0;
}
