// From a method and a path to a handler.
#pragma once

#include "weir/beast/message.hpp"

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir {

/// A coroutine that answers one request. What it throws becomes a 500, if nothing has been sent yet.
using http_handler = std::function<boost::asio::awaitable<void>(http_request&, http_response&)>;

/// A tree of path segments. A template is a path whose segments are literal, `{name}` (one segment, not empty) or, as
/// the last,
/// `{name*}` (the rest of the path). A literal segment goes before `{name}`, that before the rest; the choice is made
/// segment by segment and not taken back.
/// Thread safety: add() before the server runs; find() is thread-safe.
class router {
 public:
  router();
  ~router();

  /// Errors: std::invalid_argument naming a template that is not of this form, or that is there for this method
  /// already.
  void add(std::string_view method, std::string_view path_template, http_handler handler);

  struct match {
    const http_handler* handler = nullptr; ///< nullptr: no such path, or not for this method
    std::string_view path_template{};      ///< "": no such path
    std::string allow{};                   ///< the methods there are, if the path exists but not for this one
    std::vector<std::pair<std::string, std::string>> params{}; ///< percent-decoded
  };
  /// HEAD finds the handler of GET where it has none of its own. A path with a broken percent escape matches nothing.
  match find(std::string_view method, std::string_view path) const;

 private:
  struct node;
  std::unique_ptr<node> root_;
};

/// The text with its percent escapes decoded, or nullopt if one is broken.
std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space = false);

} // namespace weir
