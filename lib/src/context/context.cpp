#include "weir/context/context.hpp"

#include "cancel_node.hpp"
#include "done_cause.hpp"
#include "saturating.hpp"
#include "weir/context/task_failure.hpp"

#include <thread>

namespace weir {

using detail::cancel_node;

void detail::report_callback_failure(node& source) noexcept {
  report_task_failure(context_access::make(node_ptr::share(&source)), "on_done callback", std::current_exception());
}

std::error_code context::error() const noexcept {
  return done() ? make_error_code(cancel_node::above(node_.get())->cause().error) : std::error_code();
}

cancel_reason context::reason() const noexcept {
  return done() ? cancel_node::above(node_.get())->cause().reason : cancel_reason::none;
}

cancel_cause context::cause() const {
  return done() ? detail::to_cancel_cause(cancel_node::above(node_.get())->cause()) : cancel_cause();
}

std::optional<context::time_point> context::deadline() const noexcept {
  const cancel_node* source = cancel_node::above(node_.get());
  if (!source || source->deadline() == time_point::max()) return std::nullopt;
  return source->deadline();
}

done_registration context::register_callback(detail::done_callback* callback) const noexcept {
  cancel_node* source = cancel_node::above(node_.get());
  if (source->add(*callback)) return {detail::node_ptr::share(source), callback};
  const detail::node_ptr kept = node_; // the callback may drop or change this handle
  callback->run(*source);
  callback->release();
  callback->release();
  return {};
}

bool context::wait() const {
  if (done()) return true;
  cancel_node* source = cancel_node::above(node_.get());
  return source && source->wait(nullptr);
}

bool context::wait_until(time_point limit) const {
  if (done()) return true;
  if (cancel_node* source = cancel_node::above(node_.get())) return source->wait(&limit);
  std::this_thread::sleep_until(limit);
  return false;
}

bool context::wait_for(duration limit) const { return wait_until(detail::saturating_from_now(limit)); }

bool done_registration::stop() noexcept {
  if (!callback_) return false;
  const detail::node_ptr source = std::move(node_);
  detail::done_callback* const callback = std::exchange(callback_, nullptr);
  const bool prevented = cancel_node::above(source.get())->remove(*callback);
  if (prevented) {
    callback->discard();
    callback->release();
  }
  callback->release();
  return prevented;
}

void done_registration::detach() noexcept {
  if (!callback_) return;
  std::exchange(callback_, nullptr)->release();
  node_ = {};
}

} // namespace weir
