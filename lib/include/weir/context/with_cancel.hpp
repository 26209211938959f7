// Making contexts that can end: by hand, at a point in time, after some time.
#pragma once

#include "weir/context/cancel_cause.hpp"
#include "weir/context/canceller.hpp"
#include "weir/context/context.hpp"

namespace weir {

/// A context and the means to end it: `auto [ctx, cancel] = weir::with_cancel(parent);`
struct [[nodiscard]] cancellable {
  context ctx;
  canceller cancel;
};

/// A child of `parent` that also ends when `cancel` is called or destroyed. If the parent is done, so is the child,
/// for the parent's cause. Errors: throws std::bad_alloc. Cost: one allocation and one lock; ending the child or
/// dropping the last handle to it unlinks it, so a long-lived parent does not grow.
cancellable with_cancel(const context& parent);

/// with_cancel() and with_correlation() in one node: what a request begins with. Cost: as with_cancel().
cancellable with_cancel(const context& parent, const correlation& ids);

/// When a context is to end by itself, and why it then has. Default: it is not.
struct context_limit {
  context::time_point deadline = (context::time_point::max)();
  cancel_reason reason = cancel_reason::deadline;
  context::time_point now{}; ///< what the clock said last: a deadline until then has passed
};

/// `made = with_cancel(parent, ids)`, at less cost where `made` comes from there, or from here, and nobody else holds
/// it or waits for its end: it then begins anew in the memory it has. For who makes one context after the other and
/// is mostly alone with them at the end, as a connection is with its requests'. `limit`: as with_deadline(), in the
/// same node, which has room for a timer from then on. Errors: throws std::bad_alloc, with a limit also
/// std::system_error if the process's timer thread cannot be started; `made` is what it was then, or has ended.
/// Thread safety: as assignment to `made`. Cost: three loads after retire(), one lock after a cancel, another two
/// with a limit; if somebody else holds it, with_cancel()'s.
void renew(cancellable& made, const context& parent, const correlation& ids, const context_limit& limit = {});

/// `made.cancel()` for who will renew() it: does nothing where nobody could tell, because nobody else holds the
/// context, has a child of it or waits for its end. Thread safety: as the destructor of `made`.
/// Its timer, if it has one, is stopped. Cost: a load, a lock with a timer; if somebody else holds it, that of ending
/// it.
void retire(const cancellable& made) noexcept;

namespace detail {

/// Whether `made`, from with_cancel(parent, ids), is what `parent` is there for and nobody but the caller, who has
/// one handle to each, can get at either of them or waits for an end: then what `parent` carries may be changed.
/// Thread safety: as the destructor of `made`. Cost: two loads.
bool is_alone_with(const context& parent, const cancellable& made) noexcept;

} // namespace detail

/// A child of `parent` that also ends at `deadline`, with context_errc::deadline_exceeded. If that has passed, the
/// child is done when this returns. If the parent's deadline is not later, the child just keeps that one, and `cause`
/// is not used. `time_point::max()` is no deadline.
/// `cause`: used only if this deadline is what ends the child; its reason defaults to cancel_reason::deadline.
/// Errors: throws std::bad_alloc, or std::system_error if the process's timer thread cannot be started.
/// Lifetime: ending the child, or dropping the last handle to it, stops the timer without waiting for anything. All
/// deadlines of a process pass on one thread. In a forked child those that it makes itself pass; contexts that it has
/// inherited end there only if it cancels them.
/// Cost: as with_cancel(), plus a timer; one more allocation if the cause has an error or a text.
cancellable with_deadline(const context& parent, context::time_point deadline, cancel_cause cause = {});

/// As with_deadline(), from now on; the cause's reason defaults to cancel_reason::timeout. Zero or less has passed.
cancellable with_timeout(const context& parent, context::duration timeout, cancel_cause cause = {});

} // namespace weir
