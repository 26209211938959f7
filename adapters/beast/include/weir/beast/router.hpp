// From a method and a path to a handler.
#pragma once

#include "weir/beast/message.hpp"
#include "weir/beast/path_params.hpp"
#include "weir/beast/route_limits.hpp"

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace weir {

/// A coroutine that answers one request. What it throws becomes a 500, if nothing has been sent yet.
using http_handler = std::function<boost::asio::awaitable<void>(http_request&, http_response&)>;

namespace detail {
class route_tree;
}

/// Templates and their handlers. A template is a path whose segments are literal, `{name}` (one segment, not empty)
/// or, as the last, `{name*}` (the rest of the path, which may be empty). Where several of a method's templates
/// match, the first segment in which they differ decides: a literal goes before `{name}`, that before the rest.
/// Thread safety: add() before the server runs; find() is thread-safe.
class router {
 public:
  router();
  ~router();

  /// `method`: a token without letters in lower case, as methods are compared as they stand (RFC 9110 section 9.1).
  /// Errors: std::invalid_argument naming the method, or a template that is not of this form, that has more than 16
  /// parameters, or that is there for this method already, under whatever names.
  void add(std::string_view method, std::string_view path_template, http_handler handler, route_limits limits = {});

  struct match {
    const http_handler* handler = nullptr; ///< nullptr: no such path, or not for this method
    const route_limits* limits = nullptr;  ///< the handler's, as they were added
    std::string_view path_template{};      ///< "": no such path
    std::string allow{};                   ///< the methods there are, if the path exists but not for this one
  };
  /// HEAD finds the handler of GET where it has none of its own. A path with a broken percent escape matches nothing;
  /// an escaped slash is no separator.
  /// Cost: along a radix tree, each byte of the path once but for templates that turn out not to match. Allocates
  /// only when `params` has to grow, and for `allow`.
  match find(std::string_view method, std::string_view path, path_params& params) const;

 private:
  const detail::route_tree* tree_of(std::string_view method) const noexcept;

  std::map<std::string, std::unique_ptr<detail::route_tree>, std::less<>> trees_; // by method
};

} // namespace weir
