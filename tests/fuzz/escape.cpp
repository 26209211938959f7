// Any bytes, escaped, are one line of valid UTF-8, and the same in place as appended.
#include "log/escape.hpp"

#include "input.hpp"
#include "log/well_formed.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

std::string escaped(std::string_view raw, weir::field_style style) {
  weir::text_buffer out;
  weir::detail::append_escaped(out, raw, style);
  return {out.data(), out.size()};
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view raw(reinterpret_cast<const char*>(data), size);
  for (const auto style : {weir::field_style::text, weir::field_style::json}) {
    const std::string once = escaped(raw, style);
    must(is_one_valid_line(once));
    if (style == weir::field_style::json)
      must(is_json_string_inside(once));
    else
      must(escaped(once, style) == once); // nothing is left to escape
    if (weir::detail::is_plain(raw, style)) must(once == raw);

    weir::text_buffer out;
    weir::append(out, "\n");
    weir::append(out, raw);
    weir::detail::escape_tail(out, 1, style);
    must(std::string_view(out.data() + 1, out.size() - 1) == once);
  }
  return 0;
}
