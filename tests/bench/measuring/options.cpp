#include "measuring/options.hpp"

#include <charconv>
#include <stdexcept>

namespace bench {

options::options(int count, char** words, std::map<std::string, std::string> defaults)
    : values_(defaults.begin(), defaults.end()) {
  for (int i = 1; i < count; i += 2) {
    const auto found = values_.find(words[i]);
    if (found == values_.end()) throw std::invalid_argument(std::string("unknown option ") + words[i]);
    if (i + 1 == count) throw std::invalid_argument(std::string(words[i]) + " wants a value");
    found->second = words[i + 1];
  }
}

const std::string& options::text(std::string_view name) const { return values_.find(name)->second; }

std::uint64_t options::number(std::string_view name) const {
  const std::string& text = this->text(name);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value == 0)
    throw std::invalid_argument(std::string(name) + ": '" + text + "' is not a positive number");
  return value;
}

} // namespace bench
