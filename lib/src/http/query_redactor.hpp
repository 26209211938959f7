// Takes credentials out of a query.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weir::detail {

/// Knows the names of parameters whose values are secret. Immutable, hence thread-safe.
class query_redactor {
 public:
  /// `names`: compared percent-decoded, without case and without `_`, `-` and `.`. Throws std::bad_alloc.
  explicit query_redactor(const std::vector<std::string>& names);

  /// Appends `query` with `REDACTED` for the values of the parameters that have one of the names, and for values in
  /// which such a parameter stands, as in that of a URL. Throws std::bad_alloc.
  void append(std::string& to, std::string_view query) const;

 private:
  bool has_secret(std::string_view text) const;
  bool has_encoded_secret(std::string_view text) const;

  std::vector<std::string> names_;
};

} // namespace weir::detail
