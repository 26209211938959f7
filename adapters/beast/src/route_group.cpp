#include "weir/beast/middleware.hpp"
#include "weir/beast/server.hpp"

#include <stdexcept>
#include <string>
#include <utility>

namespace weir {

route_group::route_group(http_server& server, std::string prefix, std::vector<http_middleware> middleware,
                         route_limits limits)
    : server_(&server), prefix_(std::move(prefix)), middleware_(std::move(middleware)), limits_(limits) {
  if (!prefix_.empty() && (prefix_.front() != '/' || prefix_.back() == '/'))
    throw std::invalid_argument("http_server: the prefix of a group is '" + prefix_ +
                                "': it must begin with a slash, and not end with one");
}

route_group& route_group::use(http_middleware middleware) {
  if (middleware == nullptr) throw std::invalid_argument("http_server: the middleware is empty");
  middleware_.push_back(std::move(middleware));
  return *this;
}

route_group& route_group::limit(route_limits limits) {
  limits_ = detail::complete(limits, limits_, "route_limits");
  return *this;
}

route_group& route_group::route(std::string_view method, std::string_view path_template, http_handler handler,
                                route_limits limits) {
  server_->route(method, prefix_ + std::string(path_template), behind(middleware_, std::move(handler)),
                 detail::complete(limits, limits_, "route_limits"));
  return *this;
}

route_group route_group::group(std::string_view prefix) const {
  return {*server_, prefix_ + std::string(prefix), middleware_, limits_};
}

route_group http_server::group(std::string_view prefix) { return {*this, std::string(prefix), {}, {}}; }

} // namespace weir
