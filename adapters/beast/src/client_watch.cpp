#include "weir/beast/client_watch.hpp"

#include "watch_service.hpp"

#include <stdexcept>
#include <string>
#include <utility>

namespace weir {

namespace {

detail::watch_service& service_of(const boost::asio::any_io_executor& executor) {
  // Asio's contexts have no common run-time type to check this by; the header names it as a precondition.
  auto& context =
      static_cast<boost::asio::io_context&>(boost::asio::query(executor, boost::asio::execution::context));
  return boost::asio::use_service<detail::watch_service>(context);
}

} // namespace

client_watch::client_watch(boost::asio::any_io_executor executor, client_watch_options options)
    : service_(service_of(executor)) {
  if (options.arm_after < std::chrono::milliseconds(1) || options.arm_after > std::chrono::seconds(1))
    throw std::invalid_argument("client_watch_options.arm_after is " + std::to_string(options.arm_after.count()) +
                                " ms: it must be from 1 to 1000");
  entry_ = service_.enlist(std::move(executor), options);
}

client_watch::~client_watch() {
  stop();
  service_.dismiss(*entry_);
}

void client_watch::start(int descriptor, exchange& watched, const std::function<void()>* look,
                         const void* connection) {
  stop();
  service_.start(*entry_, descriptor, watched, look, connection != nullptr ? connection : this);
}

void client_watch::expect_input() noexcept {
  if (entry_->watched != nullptr) service_.expect_input(*entry_);
}

void client_watch::stop() noexcept {
  if (entry_->watched != nullptr) service_.stop(*entry_);
}

} // namespace weir
