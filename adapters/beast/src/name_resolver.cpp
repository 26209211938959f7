#include "name_resolver.hpp"

#include "insist.hpp"
#include "start_thread.hpp"
#include "weir/asio/under.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>

#include <exception>
#include <new>
#include <system_error>
#include <utility>

namespace weir::detail {

namespace asio = boost::asio;
using asio::ip::tcp;

struct name_resolver::lookup {
  lookup(asio::io_context& io, std::string name)
      : host(std::move(name)), over(io, asio::steady_timer::time_point::max()) {}

  const std::string host;
  // Written by the thread that resolves it, until it tells that it has.
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
    // Ends as cancelled when it is over. As a tuple: newer versions of Asio end the process where they find no memory
    // for the exception. Throws what ctx ended for when it is done the next time round.
    auto waiting = under(ctx, wanted->over.async_wait(asio::as_tuple(asio::deferred)));
    co_await std::move(waiting);
  }
  if (wanted->error) throw boost::system::system_error(wanted->error, "resolving " + wanted->host);
  co_return wanted->found;
}

std::shared_ptr<name_resolver::lookup> name_resolver::find(std::string_view host) const {
  for (const std::weak_ptr<lookup>& each : known_)
    if (std::shared_ptr<lookup> alive = each.lock(); alive && !alive->is_over && alive->host == host) return alive;
  return nullptr;
}

/// What throws leaves a lookup that nobody has, which is passed over from then on.
std::shared_ptr<name_resolver::lookup> name_resolver::add(std::string host) {
  auto made = std::make_shared<lookup>(io_, std::move(host));
  const auto is_unwanted = [](const std::weak_ptr<lookup>& each) { return each.expired(); };
  std::erase_if(known_, is_unwanted);
  known_.push_back(made);
  const std::lock_guard hold(mutex_);
  std::erase_if(waiting_, is_unwanted);
  waiting_.push_back(made);
  if (waiting_.size() > idle_ && threads_.size() < most_at_once) start_thread_for(made->host);
  changed_.notify_one();
  return made;
}

/// With some threads running it is no error that there is not one more.
void name_resolver::start_thread_for(const std::string& host) {
  try {
    threads_.reserve(threads_.size() + 1); // so that what has been started has a place
    threads_.push_back(start_thread("weir-names", [this] { work(); }));
  } catch (const std::system_error& error) {
    if (threads_.empty()) throw boost::system::system_error(error.code(), "resolving " + host);
  } catch (const std::bad_alloc&) {
    if (threads_.empty()) throw;
  }
}

name_resolver::~name_resolver() {
  {
    const std::lock_guard hold(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& each : threads_) each.join();
}

/// One thread's: ends when all are to, whatever waits then.
void name_resolver::work() {
  for (;;) {
    std::shared_ptr<lookup> next;
    {
      std::unique_lock hold(mutex_);
      ++idle_;
      const auto has_news = [this] { return is_stopping_ || !waiting_.empty(); };
      changed_.wait(hold, has_news); // woken by add() and the destructor
      --idle_;
      if (is_stopping_) return;
      next = waiting_.front().lock();
      waiting_.pop_front();
    }
    if (!next) continue; // nobody waits for it any longer
    try {
      tcp::resolver system(io_);
      for (const auto& each : system.resolve(next->host, {}, next->error))
        next->found.push_back(each.endpoint().address());
    } catch (const std::exception&) { // all that it throws, given an error code
      next->error = make_error_code(boost::system::errc::not_enough_memory);
    }
    insist([&] { // somebody waits for it
      asio::post(io_, [next] {
        next->is_over = true;
        next->over.cancel();
      });
    });
  }
}

} // namespace weir::detail
