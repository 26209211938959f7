#include "chained_handler.hpp"

#include "weir/beast/middleware.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

namespace weir {

namespace {

namespace asio = boost::asio;

struct chain {
  std::vector<http_middleware> outer;
  http_handler handler;
};

asio::awaitable<void> run(std::shared_ptr<const chain> of, std::size_t index, http_request& request,
                          http_response& response) {
  if (index == of->outer.size()) {
    bool may_go_on = request.has_body() || detail::receives_by_itself(of->handler);
    if (!may_go_on) may_go_on = co_await request.receive_body();
    if (may_go_on) co_await of->handler(request, response);
    co_return;
  }
  // A variable of its own: GCC 12 destroys a lambda's captures twice if it is made within the co_await.
  next_handler rest([of, index, &request, &response] { return run(of, index + 1, request, response); });
  co_await of->outer[index](request, response, std::move(rest));
}

/// What behind() makes.
struct chained_handler {
  std::shared_ptr<const chain> of;

  asio::awaitable<void> operator()(http_request& request, http_response& response) const {
    return run(of, 0, request, response);
  }
};

} // namespace

http_handler behind(std::vector<http_middleware> outer, http_handler handler) {
  if (!handler) throw std::invalid_argument("behind: the handler is empty");
  if (std::ranges::any_of(outer, [](const http_middleware& each) { return each == nullptr; }))
    throw std::invalid_argument("behind: a middleware is empty");
  if (outer.empty()) return handler;
  return chained_handler{std::make_shared<const chain>(chain{std::move(outer), std::move(handler)})};
}

bool detail::receives_by_itself(const http_handler& handler) noexcept {
  return handler.target<chained_handler>() != nullptr;
}

} // namespace weir
