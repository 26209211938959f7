#include "name_resolver.hpp"

#include "weir/asio/under.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <utility>

namespace weir::detail {

namespace asio = boost::asio;
using asio::ip::tcp;

struct name_resolver::lookup {
  lookup(asio::io_context& io, std::string name)
      : host(std::move(name)), over(io, asio::steady_timer::time_point::max()) {}

  const std::string host;
  // Written by the thread that resolves it, until it posts that it has.
  std::vector<asio::ip::address> found{};
  boost::system::error_code error{};
  // From here on the io_context's.
  bool is_over = false;
  asio::steady_timer over; ///< its waits are cancelled then
};

asio::awaitable<std::vector<asio::ip::address>> name_resolver::resolve(context ctx, std::string host) {
  std::shared_ptr<lookup> wanted = find(host);
  if (!wanted) wanted = add(std::move(host));
  while (!wanted->is_over) {
    try {
      auto waiting = under(ctx, wanted->over.async_wait(asio::deferred));
      co_await std::move(waiting);
    } catch (const boost::system::system_error&) { // the wait was cancelled, as it is over
    }
  }
  if (wanted->error) throw boost::system::system_error(wanted->error, "resolving " + wanted->host);
  co_return wanted->found;
}

std::shared_ptr<name_resolver::lookup> name_resolver::find(std::string_view host) const {
  for (const std::shared_ptr<lookup>& each : running_)
    if (each->host == host) return each;
  for (const std::weak_ptr<lookup>& each : waiting_)
    if (std::shared_ptr<lookup> alive = each.lock(); alive && alive->host == host) return alive;
  return nullptr;
}

std::shared_ptr<name_resolver::lookup> name_resolver::add(std::string host) {
  auto made = std::make_shared<lookup>(io_, std::move(host));
  std::erase_if(waiting_, [](const std::weak_ptr<lookup>& each) { return each.expired(); });
  waiting_.push_back(made);
  begin_waiting();
  return made;
}

void name_resolver::begin_waiting() {
  while (running_.size() < most_at_once && !waiting_.empty()) {
    const std::shared_ptr<lookup> next = waiting_.front().lock();
    waiting_.pop_front();
    if (!next) continue; // nobody waits for it any longer
    if (!threads_) threads_.emplace(most_at_once);
    running_.push_back(next);
    asio::post(*threads_, [this, next] {
      tcp::resolver system(io_);
      for (const auto& each : system.resolve(next->host, {}, next->error))
        next->found.push_back(each.endpoint().address());
      asio::post(io_, [this, next] { ended(next); });
    });
  }
}

void name_resolver::ended(const std::shared_ptr<lookup>& one) {
  one->is_over = true;
  one->over.cancel();
  std::erase(running_, one);
  begin_waiting();
}

} // namespace weir::detail
