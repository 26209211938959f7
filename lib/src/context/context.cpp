#include <weir/context/context.hpp>

#include <mutex>
#include <thread>

#include "cancel_node.hpp"
#include "done_cause.hpp"
#include "saturating.hpp"

namespace weir {

using detail::cancel_node;

std::error_code context::error() const noexcept {
  return done() ? make_error_code(cancel_node::above(x_node.get())->cause().error) : std::error_code();
}

cancel_reason context::reason() const noexcept {
  return done() ? cancel_node::above(x_node.get())->cause().reason : cancel_reason::none;
}

cancel_cause context::cause() const {
  return done() ? detail::to_cancel_cause(cancel_node::above(x_node.get())->cause()) : cancel_cause();
}

std::optional<context::time_point> context::deadline() const noexcept {
  const cancel_node* source = cancel_node::above(x_node.get());
  if (!source || source->deadline() == time_point::max()) return std::nullopt;
  return source->deadline();
}

done_registration context::register_callback(detail::done_callback* callback) const noexcept {
  cancel_node* source = cancel_node::above(x_node.get());
  if (source->add(*callback)) return {detail::node_ptr::share(source), callback};
  callback->run();
  callback->release();
  callback->release();
  return {};
}

bool context::wait() const {
  if (done()) return true;
  cancel_node* source = cancel_node::above(x_node.get());
  return source && source->wait(nullptr);
}

bool context::wait_until(time_point limit) const {
  if (done()) return true;
  if (cancel_node* source = cancel_node::above(x_node.get())) return source->wait(&limit);
  std::this_thread::sleep_until(limit);
  return false;
}

bool context::wait_for(duration limit) const { return wait_until(detail::saturating_from_now(limit)); }

bool done_registration::stop() noexcept {
  if (!x_callback) return false;
  const detail::node_ptr source = std::move(x_node);
  detail::done_callback* const callback = std::exchange(x_callback, nullptr);
  const bool prevented = cancel_node::above(source.get())->remove(*callback);
  if (prevented) {
    callback->discard();
    callback->release();
  }
  callback->release();
  return prevented;
}

void done_registration::detach() noexcept {
  if (!x_callback) return;
  std::exchange(x_callback, nullptr)->release();
  x_node = {};
}

}  // namespace weir
