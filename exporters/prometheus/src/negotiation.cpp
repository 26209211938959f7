// The Accept headers, read leniently: who sends nonsense gets plain text.
#include "negotiation.hpp"

#include "any_case.hpp"
#include "white_space.hpp"

#include <algorithm>
#include <cstddef>

namespace weir::detail {
namespace {

// Cuts the part before the first separator off `rest` and trims it.
std::string_view next(std::string_view& rest, char separator) noexcept {
  const std::size_t end = rest.find(separator);
  const std::string_view part = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  return trim(part);
}

// A weight in thousandths, "0.5" as 500; what is none counts as 0, so that nonsense never wins.
int to_weight(std::string_view text) noexcept {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return 0;
  int weight = (text[0] - '0') * 1000;
  if (text.size() > 1 && text[1] != '.') return 0;
  int unit = 100;
  for (const char digit : text.substr(std::min<std::size_t>(2, text.size()))) {
    if (digit < '0' || digit > '9') return 0;
    weight += (digit - '0') * unit;
    unit /= 10;
  }
  return std::min(weight, 1000);
}

struct preference {
  std::string_view type;
  std::string_view version;
  int weight = 1000;
};

preference parse_preference(std::string_view text) noexcept {
  preference range;
  range.type = next(text, ';');
  while (!text.empty()) {
    std::string_view value = next(text, ';');
    const std::string_view name = next(value, '=');
    value = trim(value);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    if (equals_in_any_case(name, "q")) range.weight = to_weight(value);
    if (equals_in_any_case(name, "version")) range.version = value;
  }
  return range;
}

} // namespace

exposition_format negotiate(std::string_view accept_header) noexcept {
  exposition_format best = exposition_format::text_0_0_4;
  // Of formats with the same weight the one asked for first wins; OpenMetrics against plain text always does.
  int openmetrics = 0;
  int text = -1, wildcard = 0; // the former: not named
  while (!accept_header.empty()) {
    const preference range = parse_preference(next(accept_header, ','));
    if (equals_in_any_case(range.type, "application/openmetrics-text")) {
      const bool current = range.version.empty() || range.version == "1.0.0";
      if ((!current && range.version != "0.0.1") || range.weight <= openmetrics) continue;
      openmetrics = range.weight;
      best = current ? exposition_format::openmetrics_1_0_0 : exposition_format::openmetrics_0_0_1;
    } else if (equals_in_any_case(range.type, "text/plain") && (range.version.empty() || range.version == "0.0.4")) {
      text = std::max(text, range.weight);
    } else if (range.type == "*/*" || equals_in_any_case(range.type, "text/*")) {
      wildcard = std::max(wildcard, range.weight);
    }
  }
  if (text < 0) text = wildcard;
  return openmetrics >= text && openmetrics > 0 ? best : exposition_format::text_0_0_4;
}

bool prefers_gzip(std::string_view accept_encoding_header) noexcept {
  int gzip = -1, wildcard = -1, identity = -1; // not named
  while (!accept_encoding_header.empty()) {
    const preference coding = parse_preference(next(accept_encoding_header, ','));
    if (equals_in_any_case(coding.type, "gzip") || equals_in_any_case(coding.type, "x-gzip")) {
      gzip = std::max(gzip, coding.weight);
    } else if (equals_in_any_case(coding.type, "identity")) {
      identity = std::max(identity, coding.weight);
    } else if (coding.type == "*") {
      wildcard = std::max(wildcard, coding.weight);
    }
  }
  if (gzip < 0) gzip = wildcard;
  return gzip > 0 && gzip >= identity;
}

std::string_view content_type(exposition_format format) noexcept {
  switch (format) {
  case exposition_format::openmetrics_1_0_0:
    return "application/openmetrics-text; version=1.0.0; charset=utf-8";
  case exposition_format::openmetrics_0_0_1:
    return "application/openmetrics-text; version=0.0.1; charset=utf-8";
  case exposition_format::text_0_0_4:
    break;
  }
  return "text/plain; version=0.0.4; charset=utf-8";
}

} // namespace weir::detail
