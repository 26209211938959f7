// Keeps credentials in a query out of the log.
#include "http/query_redactor.hpp"

#include "any_case.hpp"
#include "http/userinfo.hpp"
#include "percent.hpp"
#include "weir/http/access_log.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace weir {

std::vector<std::string> usual_secret_parameters() {
  // Whole words where a part would be that of ordinary ones: author, sort_key, postal_code, design, inside.
  return {"*access_key*",
          "*api_key*",
          "*assertion",
          "*auth",
          "*auth_code*",
          "*auth_key*",
          "*authorization*",
          "*bearer*",
          "code",
          "code_verifier",
          "connect.sid",
          "cookie",
          "*credential*",
          "*csrf*",
          "*jwt*",
          "key",
          "otp",
          "pass",
          "*passcode*",
          "*passphrase*",
          "*passw*",
          "*private_key*",
          "*pwd*",
          "samlresponse",
          "*secret*",
          "*sess_id*",
          "session",
          "*session_id*",
          "*session_key*",
          "sid",
          "*sig",
          "*signature*",
          "*subscription_key*",
          "*token*",
          "totp",
          "user_pass",
          "*xsrf*"};
}

namespace detail {

namespace {

constexpr std::string_view redacted = "REDACTED";

/// How often a value may have been percent-encoded: a URL within a URL within a URL.
constexpr int deepest_encoding = 3;

/// Longer ones are put together on the heap.
using name_buffer = fmt::basic_memory_buffer<char, 128>;
using parameter_buffer = fmt::basic_memory_buffer<char, 512>;

/// Appends `name` as it is compared: `accessToken`, `access-token` and `access_token` are one, and so is what some
/// servers make the same of, with a blank before it. Returns the letters that it has, a bit each.
template <class Buffer>
std::uint32_t plain_name(std::string_view name, Buffer& to) {
  std::uint32_t letters = 0;
  for (const char each : name) {
    const char c = small_letter(each);
    const bool is_letter = c >= 'a' && c <= 'z';
    if (is_letter) letters |= std::uint32_t{1} << (c - 'a');
    if (is_letter || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80) to.push_back(c);
  }
  return letters;
}

bool has_userinfo(std::string_view text) noexcept {
  for (std::size_t at = 0; (at = text.find("//", at)) != text.npos; at += 2)
    if (!userinfo_of(text.substr(at)).empty()) return true;
  return false;
}

} // namespace

query_redactor::query_redactor(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    pattern& each = names_.emplace_back();
    each.goes_before = name.starts_with('*');
    each.goes_behind = name.ends_with('*');
    each.letters = plain_name(name, each.text);
  }
}

bool query_redactor::pattern::matches(std::string_view name) const noexcept {
  if (goes_before) return goes_behind ? name.find(text) != name.npos : name.ends_with(text);
  return goes_behind ? name.starts_with(text) : name == text;
}

/// Of `user[password]` each part counts: what is in brackets is a name of its own for many servers.
bool query_redactor::is_secret_name(std::string_view name) const {
  name_buffer plain;
  for (;;) {
    const std::string_view part = name.substr(0, name.find_first_of("[]"));
    plain.clear();
    const std::uint32_t letters = plain_name(part, plain);
    // Most are ruled out by a letter that the part does not have.
    for (const pattern& each : names_)
      if ((each.letters & ~letters) == 0 && each.matches({plain.data(), plain.size()})) return true;
    if (part.size() == name.size()) return false;
    name.remove_prefix(part.size() + 1);
  }
}

/// Whether there is a parameter of such a name in it, be it within a URL that is a value, or such a URL's user.
bool query_redactor::has_secret(std::string_view text) const {
  if (has_userinfo(text)) return true;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of("&;?#"), text.size());
    const std::size_t equals = text.substr(0, end).find('=');
    if (equals != text.npos && is_secret_name(text.substr(0, equals))) return true;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return false;
}

bool query_redactor::has_encoded_secret(std::string_view text) const {
  if (has_secret(text)) return true;
  if (text.find('%') == text.npos) return false;
  parameter_buffer decoded;
  decoded.append(text.data(), text.data() + text.size());
  for (int i = 0; i < deepest_encoding; ++i) {
    const std::size_t size = percent_decode(decoded.data(), decoded.size());
    if (size == decoded.size()) return false;
    decoded.resize(size);
    if (has_secret({decoded.data(), decoded.size()})) return true;
  }
  return false;
}

void query_redactor::append_parameter(std::string& to, std::string_view parameter) const {
  if (!has_encoded_secret(parameter)) {
    to.append(parameter);
    return;
  }
  // At a semicolon another parameter begins for some servers, and for others nothing: what is before the first that
  // would be secret stays, and nothing behind it.
  std::size_t begin = 0;
  for (std::size_t at = 0; at < parameter.size();) {
    const std::size_t end = std::min(parameter.find(';', at), parameter.size());
    if (has_encoded_secret(parameter.substr(at, end - at))) {
      begin = at;
      break;
    }
    at = end + 1;
  }
  // Unless that would be secret itself: a URL's user may have semicolons, and a URL that has been encoded its value
  // in what looks like the name.
  for (const std::size_t from : {begin, std::size_t{0}}) {
    const std::size_t equals = parameter.find('=', from);
    if (equals == parameter.npos || has_encoded_secret(parameter.substr(0, equals))) continue;
    to.append(parameter.substr(0, equals + 1));
    break;
  }
  to.append(redacted);
}

void query_redactor::append(std::string& to, std::string_view query) const {
  if (names_.empty()) {
    to.append(query);
    return;
  }
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    append_parameter(to, query.substr(0, end));
    if (end < query.size()) to.push_back('&');
    query.remove_prefix(std::min(end + 1, query.size()));
  }
}

} // namespace detail
} // namespace weir
