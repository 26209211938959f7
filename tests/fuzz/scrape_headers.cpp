// Any bytes are headers of a scrape; what is not asked for by name is not given.
#include "negotiation.hpp"

#include "input.hpp"

#include <cctype>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

bool has(std::string text, std::string_view wanted) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text.find(wanted) != std::string::npos;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using weir::detail::exposition_format;
  input in(data, size);
  const std::string accept = in.text(), encoding = in.rest();
  const exposition_format format = weir::detail::negotiate(accept);
  must(format == exposition_format::text_0_0_4 || has(accept, "application/openmetrics-text"));
  must(format != exposition_format::openmetrics_0_0_1 || has(accept, "0.0.1"));
  must(!weir::detail::content_type(format).empty());
  const bool compressed = weir::detail::prefers_gzip(encoding);
  must(!compressed || has(encoding, "gzip") || has(encoding, "*"));
  // A refusal is one wherever it stands, and gzip by name is taken if nothing is said against it.
  must(!weir::detail::prefers_gzip("gzip;q=0, identity;q=0.001"));
  if (!has(encoding, "gzip") && !has(encoding, "identity")) must(weir::detail::prefers_gzip(encoding + ",gzip"));
  return 0;
}
