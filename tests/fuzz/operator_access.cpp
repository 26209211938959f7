// Any bytes as the headers of a visitor open an operators' page to nobody but who knows its token, or is on this
// machine and asks for it by a name of this machine.
#include "weir/http/operator_access.hpp"

#include "access_rule.hpp"
#include "input.hpp"
#include "weir/live/viewer.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace weir;

const std::string secret = "0123456789abcdefgh";

bool is_digits_and_dots(std::string_view text) { return text.find_first_not_of("0123456789.") == text.npos; }

/// Judged apart from the library's way: all of it after the name is a port, or nothing.
bool is_name_of_this_machine(std::string host) {
  for (char& c : host) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (host.starts_with("[::1")) return true;
  if (host.starts_with("[::ffff:127.") || host.starts_with("[127.")) return true;
  const std::string name = host.substr(0, host.find(':'));
  return name == "localhost" || (name.starts_with("127.") && is_digits_and_dots(name));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const operator_access locally, by_token(secret);
  input in(data, size);
  const auto flags = in.value<std::uint8_t>();
  const bool is_near = (flags & 1U) != 0, is_forwarded = (flags & 2U) != 0;
  const std::string host = in.text(), authorization = in.text(), site = in.text();
  const std::string origin = in.text(), target = in.rest();
  const auto header = [&](std::string_view name) -> std::string_view {
    if (name == "Host") return host;
    if (name == "Authorization") return authorization;
    if (name == "Sec-Fetch-Site") return site;
    if (name == "Origin") return origin;
    return {};
  };
  const auto has_header = [&](std::string_view name) { return name == "Via" ? is_forwarded : !header(name).empty(); };
  const std::string_view peer = is_near ? "127.0.0.1" : "192.0.2.1";
  operator_request asked{.peer = peer, .host = host, .authorization = authorization};
  asked.is_forwarded = says_forwarded(has_header);
  asked.is_foreign_page = says_foreign_page(header);
  must(asked.is_forwarded == is_forwarded);
  // An origin is a scheme and the host as a whole.
  if (site.empty() && !origin.empty() && !asked.is_foreign_page)
    must(origin.size() >= host.size() + 3 && origin.ends_with("://" + host));

  const bool is_allowed = locally.judge(asked) == operator_verdict::allowed;
  if (is_allowed) must(is_near && !is_forwarded && !asked.is_foreign_page && is_name_of_this_machine(host));
  must(locally.judge(asked) != operator_verdict::token_wanted);
  const bool knows = by_token.judge(asked) == operator_verdict::allowed;
  if (knows) must(authorization.size() > 7 + secret.size() - 1 && authorization.ends_with(" " + secret));

  const live_visitor visitor{.peer = peer, .target = target, .header = header, .has_header = has_header};
  if (detail::judge(visitor, by_token) == operator_verdict::allowed)
    must(knows || target.find("token=" + secret) != target.npos);
  const std::string address = "/live?token=" + secret;
  const live_visitor with_token{.peer = peer, .target = address, .header = header, .has_header = has_header};
  must(detail::judge(with_token, by_token) == operator_verdict::allowed);
  return 0;
}
