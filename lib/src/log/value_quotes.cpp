#include "log/value_quotes.hpp"

#include <cstring>
#include <string_view>

namespace weir::detail {

void end_value(text_buffer& out, std::size_t begin) {
  const std::string_view inside(out.data() + begin + 1, out.size() - begin - 1);
  // A quote inside is one behind a backslash.
  const bool is_bare = !inside.empty() && inside.find_first_of(" =\\") == inside.npos && inside != "null";
  if (!is_bare) return out.push_back('"');
  std::memmove(out.data() + begin, inside.data(), inside.size());
  out.resize(out.size() - 1);
}

} // namespace weir::detail
