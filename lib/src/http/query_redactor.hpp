// Takes credentials out of a query.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir::detail {

/// Knows the names of parameters whose values are secret. Immutable, hence thread-safe.
class query_redactor {
 public:
  /// `names`: see access_log_options::secret_parameters. Throws std::bad_alloc.
  explicit query_redactor(const std::vector<std::string>& names);

  /// Appends `query` with `REDACTED` for the values of the parameters that have one of the names, and for values in
  /// which such a parameter, or a user's name, stands as in a URL. A value goes up to the next `&`. Throws
  /// std::bad_alloc. Cost: for usual queries no allocation but `to`'s, and a comparison of two numbers for each name
  /// and parameter.
  void append(std::string& to, std::string_view query) const;

 private:
  struct pattern {
    std::string text;      // letters in lower case and digits
    std::uint32_t letters; // those in it, a bit each
    bool goes_before;      // whether anything may stand there
    bool goes_behind;
    bool matches(std::string_view name) const noexcept;
  };

  bool is_secret_name(std::string_view name) const;
  bool has_secret(std::string_view text) const;
  bool has_encoded_secret(std::string_view text) const;
  void append_parameter(std::string& to, std::string_view parameter) const;

  std::vector<pattern> names_;
};

} // namespace weir::detail
