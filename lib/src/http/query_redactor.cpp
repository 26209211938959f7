// Keeps credentials in a query out of the log.
#include "http/access_log.hpp"
#include "http/header_field.hpp"

#include <algorithm>

namespace weir {

std::vector<std::string> usual_secret_parameters() {
  return {"access_token",
          "api-key",
          "api_key",
          "apikey",
          "assertion",
          "auth",
          "authorization",
          "awsaccesskeyid",
          "client_secret",
          "code",
          "credential",
          "credentials",
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
          "sessionid",
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

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// As a server would read the name, but in lower case; broken escapes are left as they are.
std::string read_name(std::string_view name) {
  std::string read;
  for (std::size_t i = 0; i < name.size(); ++i) {
    char c = name[i];
    if (c == '%' && name.size() - i > 2 && hex_value(name[i + 1]) >= 0 && hex_value(name[i + 2]) >= 0) {
      c = static_cast<char>(hex_value(name[i + 1]) * 16 + hex_value(name[i + 2]));
      i += 2;
    }
    read.push_back(c);
  }
  // `token[]` and `token[a]` are spellings of a list.
  return lower_case(read.substr(0, read.find('[')));
}

} // namespace

void append_redacted(std::string& to, std::string_view query, const std::vector<std::string>& names) {
  while (!query.empty()) {
    // A semicolon separates for some servers: what is behind one is looked at like the rest.
    const std::size_t end = std::min(query.find_first_of("&;"), query.size());
    const std::string_view parameter = query.substr(0, end);
    const std::size_t equals = parameter.find('=');
    const bool is_secret = equals != parameter.npos && !names.empty() &&
                           std::ranges::find(names, read_name(parameter.substr(0, equals))) != names.end();
    to.append(is_secret ? parameter.substr(0, equals + 1) : parameter);
    if (is_secret) to.append(redacted);
    if (end < query.size()) to.push_back(query[end]);
    query.remove_prefix(std::min(end + 1, query.size()));
  }
}

} // namespace detail
} // namespace weir
