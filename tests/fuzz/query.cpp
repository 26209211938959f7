// Any bytes as a query lose the values of secret parameters, and nothing else.
#include "http/query_redactor.hpp"

#include "input.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

const weir::detail::query_redactor redactor({"*token*", "password", "*sig"});

std::string redacted(std::string_view query) {
  std::string result;
  redactor.append(result, query);
  return result;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  input in(data, size);
  const std::string secret = in.text(), query = in.rest();
  const std::string once = redacted(query);
  must(redacted(once) == once);
  const auto parameters = [](std::string_view of) { return std::count(of.begin(), of.end(), '&'); };
  must(parameters(once) == parameters(query));

  // However its name is written, a value in the middle of any query goes; the value ends where a parameter does.
  if (secret.find('&') != secret.npos) return 0;
  for (const std::string name : {"token", "TOKEN", "t%6Fken", "token[]", "token%5B1%5d", "password", "a_token2",
                                 "user[password]", "api.sig"}) {
    const std::string expected = once + "&" + name + "=REDACTED&" + once;
    must(redacted(query + "&" + name + "=" + secret + "&" + query) == expected);
  }
  return 0;
}
