// Keeps credentials in a query out of the log.
#include "http/query_redactor.hpp"

#include "http/header_field.hpp"
#include "percent.hpp"
#include "weir/http/access_log.hpp"

#include <algorithm>

namespace weir {

std::vector<std::string> usual_secret_parameters() {
  return {"access_token",
          "api_key",
          "api_token",
          "assertion",
          "auth",
          "auth_key",
          "auth_token",
          "authorization",
          "awsaccesskeyid",
          "bearer",
          "client_secret",
          "code",
          "credential",
          "credentials",
          "csrf_token",
          "id_token",
          "jwt",
          "key",
          "pass",
          "passwd",
          "password",
          "private_key",
          "pwd",
          "refresh_token",
          "samlresponse",
          "secret",
          "session",
          "session_id",
          "sid",
          "sig",
          "signature",
          "token",
          "x-amz-credential",
          "x-amz-security-token",
          "x-amz-signature",
          "x-goog-credential",
          "x-goog-signature"};
}

namespace detail {

namespace {

constexpr std::string_view redacted = "REDACTED";

/// How often a value may have been percent-encoded: a URL within a URL within a URL.
constexpr int deepest_encoding = 3;

/// `accessToken`, `access-token` and `access_token[]` (a list's spelling) are one name.
std::string plain_name(std::string_view name) {
  std::string plain = lower_case(name.substr(0, name.find('[')));
  std::erase_if(plain, [](char c) { return c == '_' || c == '-' || c == '.'; });
  return plain;
}

} // namespace

query_redactor::query_redactor(const std::vector<std::string>& names) {
  for (const std::string& name : names) names_.push_back(plain_name(name));
}

/// Whether there is a parameter of such a name in it, be it within a URL that is a value.
bool query_redactor::has_secret(std::string_view text) const {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of("&;?#"), text.size());
    const std::size_t equals = text.substr(0, end).find('=');
    if (equals != text.npos && std::ranges::find(names_, plain_name(text.substr(0, equals))) != names_.end())
      return true;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return false;
}

bool query_redactor::has_encoded_secret(std::string_view text) const {
  if (has_secret(text)) return true;
  std::string decoded(text);
  for (int i = 0; i < deepest_encoding && decoded.find('%') != decoded.npos; ++i) {
    decoded = percent_decoded(decoded);
    if (has_secret(decoded)) return true;
  }
  return false;
}

void query_redactor::append(std::string& to, std::string_view query) const {
  while (!query.empty()) {
    // A semicolon separates for some servers: what is behind one is looked at like the rest.
    const std::size_t end = std::min(query.find_first_of("&;"), query.size());
    const std::string_view parameter = query.substr(0, end);
    const bool is_secret = !names_.empty() && has_encoded_secret(parameter);
    // Without an equals sign, it is all of a URL that has been encoded.
    to.append(is_secret ? parameter.substr(0, parameter.find('=') + 1) : parameter);
    if (is_secret) to.append(redacted);
    if (end < query.size()) to.push_back(query[end]);
    query.remove_prefix(std::min(end + 1, query.size()));
  }
}

} // namespace detail
} // namespace weir
