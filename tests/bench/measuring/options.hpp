// `--name value` on a benchmark program's command line.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace bench {

class options {
 public:
  /// `defaults`: all names there are, dashes included, with the values they have when not given.
  /// Errors: std::invalid_argument naming an unknown option or one without a value.
  options(int count, char** words, std::map<std::string, std::string> defaults);

  const std::string& text(std::string_view name) const;
  /// Errors: std::invalid_argument naming the option if its value is not a positive number.
  std::uint64_t number(std::string_view name) const;

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

} // namespace bench
