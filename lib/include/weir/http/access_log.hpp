// What the access log says of a request, and of which requests.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace weir {

/// What the access log keeps of the part of a target behind its question mark.
enum class query_logging : std::uint8_t {
  none,
  redacted, ///< with `REDACTED` in the place of the values of access_log_options::secret_parameters, also where one,
            ///< or a user's name, stands in a value that is a URL
  whole,
};

/// The names of parameters that carry credentials as a rule:
/// - with any text in front and behind: access_key, api_key, auth_code, auth_key, authorization, bearer, credential,
///   csrf, jwt, passcode, passphrase, passw, private_key, pwd, secret, sess_id, session_id, session_key, signature,
///   subscription_key, token, xsrf
/// - with any in front: assertion, auth, sig
/// - as they are: code, code_verifier, connect.sid, cookie, key, otp, pass, samlresponse, session, sid, totp,
///   user_pass
///
/// So `page_token`, `max_tokens` and `secretary`, which are none, lose their values, too; `author`, `authority`,
/// `keyword`, `monkey`, `sort_key`, `postal_code`, `design` and `bypass` keep them, and so do `pin`, `state`, `nonce`
/// and `ticket`, which are credentials to some and numbers to others: whoever uses them as such adds them.
std::vector<std::string> usual_secret_parameters();

/// Which requests the access log has, and what it says of them besides what it always says.
///
/// Levels: warn for a request that failed, was answered with 5xx, broke the protocol, or was slow (see
/// observer_options::slow_after; it has the field `slow`, true); info for all others.
struct access_log_options {
  /// The part of the ordinary requests that are logged, 0 to 1; default all. Ordinary is what completed with a status
  /// below 400 and was not slow. Chosen by trace, so that of one trace all or none are there, in every process with
  /// this ratio. A record that stands for others as well says for how many in `sampling.suppressed`; of those that no
  /// record stands for, the log says how many when the observer ends. Metrics count all requests.
  double ordinary_ratio = 1;
  /// Of requests that broke the protocol, or got 408, at most so many are logged in a second, 1 to 65535, so that
  /// who sends rubbish cannot fill the log with it; the next that is says for how many in `sampling.suppressed`.
  /// Where none follows, the log says it itself, when they have stopped for five to ten seconds or its stream ends:
  /// "17 records suppressed since the last one of the access log's broken requests". Metrics count all.
  std::uint32_t most_protocol_errors = 100;
  /// Headers to be kept, up to 8, as fields `http.request.header.<name>` in lower case, and `user_agent.original`: no
  /// others are. Default none. Of several of one name the first counts, to 1 KiB. Of Authorization,
  /// Proxy-Authorization and names that have `cookie`, `token`, `secret`, `password`, `session`, `signature`,
  /// `api-key`, `apikey`, `auth-key`, `access-key` or `subscription-key` in them, `REDACTED` is kept; of Referer's
  /// query what `query` says, and of a user's name and password before its host nothing.
  std::vector<std::string> headers{};
  /// Field `url.query`, when there is a query; to 2 KiB. Default redacted.
  query_logging query = query_logging::redacted;
  /// Names; an asterisk at one's begin or end stands for any text. Compared percent-decoded, without case, and by
  /// letters and digits only: `api_key` is `Api-Key` and `apikey`, too. Of `user[password]` each part is compared. A
  /// value goes up to the next `&`, as a semicolon may be in it. Default usual_secret_parameters().
  std::vector<std::string> secret_parameters = usual_secret_parameters();
};

} // namespace weir
