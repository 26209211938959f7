// Any tokens as headers' names: those that the options ask for are found in whatever case, and no others.
#include "weir/http/request_headers.hpp"

#include "input.hpp"
#include "weir/http/observer.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace weir;

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

/// A name of a header, as a parser lets it pass.
bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

/// In the order of their kinds.
constexpr std::array<std::string_view, 17> names{"traceparent",
                                                 "tracestate",
                                                 "baggage",
                                                 "x-forwarded-for",
                                                 "b3",
                                                 "x-b3-traceid",
                                                 "x-b3-spanid",
                                                 "x-b3-parentspanid",
                                                 "x-b3-sampled",
                                                 "x-b3-flags",
                                                 "x-request-id",
                                                 "x-deadline",
                                                 "grpc-timeout",
                                                 "x-forwarded-proto",
                                                 "user-agent",
                                                 "x_tenant.id",
                                                 "q"};

/// As an observer with these options has them.
const detail::known_headers& known() {
  static logger* const some_logger = static_cast<logger*>(std::malloc(1)); // that there is one is all they look at
  static const observer_options options{
      .metrics = nullptr,
      .access_log = some_logger,
      .access = {.headers = {"User-Agent", "x_tenant.id", "Q"}, .secret_parameters = {}},
      .trusted_proxies = {"::1"},
      .deadline_header = "X-Deadline"};
  static const detail::known_headers made(options);
  return made;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  input in(data, size);
  while (!in.is_at_end()) {
    // Names that are known, with a few letters in the other case; or anything.
    const auto which = in.value<std::uint8_t>();
    const auto flips = in.value<std::uint16_t>();
    std::string name = which < names.size() ? std::string(names[which]) : in.text();
    for (std::size_t at = 0; at < std::min<std::size_t>(name.size(), 16); ++at)
      if ((flips >> at & 1) != 0 && name[at] >= 'a' && name[at] <= 'z') name[at] = static_cast<char>(name[at] - 32);
    if (!is_token(name)) continue;
    const auto expected = static_cast<std::size_t>(std::ranges::find(names, lower(name)) - names.begin());
    const bool is_known = expected < names.size();
    if (is_known) must(known().may_know(name));
    must(known().find(name) == (is_known ? expected : detail::all_header_kinds));
  }
  return 0;
}
