#include "weir/context/task_group.hpp"

#include "group_state.hpp"
#include "weir/context/task_failure.hpp"

#include <future>
#include <new>
#include <utility>

namespace weir {

namespace {
/// The task that this thread is in, or null.
constinit thread_local const detail::group_membership* innermost = nullptr;
} // namespace

detail::group_membership::group_membership(const void* group) noexcept
    : group_(group), outer_(std::exchange(innermost, this)) {}

detail::group_membership::~group_membership() { innermost = outer_; }

bool detail::group_membership::is_in(const void* group) noexcept {
  const auto* at = innermost;
  while (at != nullptr && at->group_ != group) at = at->outer_;
  return at != nullptr;
}

group_entry::group_entry(std::shared_ptr<detail::group_state> group, std::string task)
    : group_(std::move(group)), task_(std::move(task)), ctx_(group_->ctx()) {
  group_->enter();
}

group_entry::group_entry(std::shared_ptr<detail::group_state> group, std::string task, const context& ctx)
    : task_(std::move(task)) {
  auto own = with_cancel(ctx);
  link_ = group->ctx().on_done([group = std::weak_ptr(group), end = own.cancel.share()] {
    const auto ended = group.lock();
    if (!ended) return;
    try {
      end(ended->ctx().cause());
    } catch (const std::bad_alloc&) {
      end(ended->ctx().reason()); // stopping the task matters more than the text
    }
  });
  group->enter();
  group_ = std::move(group);
  ctx_ = std::move(own.ctx);
  cancel_ = std::move(own.cancel);
}

group_entry& group_entry::operator=(group_entry&& other) noexcept {
  if (this == &other) return *this;
  drop();
  group_ = std::move(other.group_);
  task_ = std::move(other.task_);
  ctx_ = std::move(other.ctx_);
  cancel_ = std::move(other.cancel_);
  link_ = std::move(other.link_);
  return *this;
}

std::shared_ptr<detail::group_state> group_entry::leave() noexcept {
  link_.stop();
  return std::exchange(group_, nullptr);
}

void group_entry::end(std::exception_ptr error) noexcept {
  const std::error_code code = error_code_of(error);
  end(std::move(error), code);
}

void group_entry::end(std::exception_ptr error, std::error_code code) noexcept {
  const auto group = leave();
  if (!group) return;
  const context ctx = std::exchange(ctx_, {});
  const bool failed = error && !ended_with(ctx, code);
  {
    // The group still waits for this task: done callbacks and the handler of failures must not wait for the group.
    const detail::group_membership member(group.get());
    cancel_ = {}; // what it started is called off before anybody is told that it has ended
    group->record(std::move(task_), ctx, failed, std::move(error), code);
  }
  group->leave();
}

void group_entry::skip() noexcept {
  const auto group = leave();
  if (!group) return;
  {
    const detail::group_membership member(group.get()); // as above
    ctx_ = {};
    cancel_ = {};
  }
  group->record_unstarted();
  group->leave();
}

void group_entry::drop() noexcept {
  if (!group_) return;
  if (ctx_.done() || group_->ctx().done())
    skip();
  else
    end(std::make_exception_ptr(std::future_error(std::future_errc::broken_promise)));
}

namespace detail {

std::shared_ptr<group_state> group_access::share(const task_group& group) noexcept { return group.state_; }
std::shared_ptr<group_state> group_access::make(const context& parent, on_failure policy) {
  return std::make_shared<group_state>(parent, policy);
}
group_entry group_access::enter(const std::shared_ptr<group_state>& group, std::string name) {
  return {group, std::move(name)};
}
group_entry group_access::enter(const std::shared_ptr<group_state>& group, std::string name, const context& ctx) {
  return {group, std::move(name), ctx};
}
const context& group_access::ctx(const group_state& group) noexcept { return group.ctx(); }
void group_access::cancel(const group_state& group, cancel_reason reason) noexcept {
  group.cancel({.reason = reason});
}
void group_access::when_idle(group_state& group, std::function<void()> function) {
  group.when_idle(std::move(function));
}
group_result group_access::result(const group_state& group) { return group.result(); }

} // namespace detail

namespace {
void refuse_deadlock(const void* group) {
  if (detail::group_membership::is_in(group))
    throw std::system_error(std::make_error_code(std::errc::resource_deadlock_would_occur),
                            "weir::task_group: a task waits for its own group");
}
} // namespace

task_group::task_group(const context& parent, on_failure policy)
    : state_(detail::group_access::make(parent, policy)) {}

task_group::~task_group() {
  cancel();
  if (!detail::group_membership::is_in(state_.get())) state_->wait(nullptr);
}

const context& task_group::ctx() const noexcept { return state_->ctx(); }

group_entry task_group::enter(std::string name) { return detail::group_access::enter(state_, std::move(name)); }

group_entry task_group::enter(std::string name, const context& ctx) {
  return detail::group_access::enter(state_, std::move(name), ctx);
}

void task_group::cancel(cancel_reason reason) const noexcept { state_->cancel({.reason = reason}); }

group_result task_group::wait() {
  refuse_deadlock(state_.get());
  state_->wait(nullptr);
  return state_->result();
}

std::optional<group_result> task_group::wait_until(context::time_point limit) {
  refuse_deadlock(state_.get());
  if (!state_->wait(&limit)) return std::nullopt;
  return state_->result();
}

void task_group::when_idle(std::function<void()> function) { state_->when_idle(std::move(function)); }

group_result task_group::result() const { return state_->result(); }

} // namespace weir
