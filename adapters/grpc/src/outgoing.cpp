#include "weir/grpc/outgoing.hpp"

#include "deadline_margin.hpp"
#include "time_left.hpp"

#include "weir/http/outgoing_headers.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>

namespace weir {

/// What the callback that cancels may still find: a registration that is stopped may be running, and is not waited
/// for.
struct grpc_outgoing::link {
  std::mutex mutex;
  grpc::ClientContext* call;
};

namespace {

constexpr auto longest_moment = std::chrono::milliseconds(100);

/// Whether gRPC, which has the same deadline, is to end the call and say DEADLINE_EXCEEDED of it. The reason alone
/// does not tell: it may be any, of a deadline that has passed as of one that has not. A caller that gave up at its
/// own deadline, a moment before ours, is told DEADLINE_EXCEEDED, too.
bool is_left_to_grpc(const context& ctx, std::chrono::nanoseconds given) noexcept {
  const auto deadline = ctx.deadline();
  if (!deadline) return false;
  const auto left = *deadline - context::clock::now();
  const auto moment = std::min<std::chrono::nanoseconds>(detail::deadline_margin(given), longest_moment);
  return left.count() <= 0 || (ctx.reason() == cancel_reason::deadline && left <= moment);
}

/// Names of gRPC's metadata are in lower case: ASCII's, whatever the program's locale makes of an I.
std::string lower_case(std::string_view name) {
  std::string made(name);
  for (char& each : made)
    if (each >= 'A' && each <= 'Z') each = static_cast<char>(each - 'A' + 'a');
  return made;
}

/// The first members of a baggage's text that have room, whole. A comma stands nowhere but between two.
std::string_view first_members(std::string_view text, std::size_t room) noexcept {
  if (text.size() <= room) return text;
  const auto end = text.rfind(',', room);
  return end == text.npos ? std::string_view() : text.substr(0, end);
}

} // namespace

grpc_outgoing::grpc_outgoing(grpc::ClientContext& call, const context& ctx, std::size_t baggage_limit_bytes) {
  // Without a header for the deadline: gRPC has one of its own.
  const outgoing_headers carried(ctx, "");
  carried.for_each([&](std::string_view name, std::string_view value) {
    if (name == "baggage") value = first_members(value, baggage_limit_bytes);
    if (!value.empty()) call.AddMetadata(lower_case(name), std::string(value));
  });
  const auto left = remaining(ctx);
  const auto own = detail::time_left(call.raw_deadline());
  if (left && (!own || *left < *own)) {
    // By gRPC's type: a system_clock's time would not say when it is, where that is centuries away.
    const gpr_timespec span = gpr_time_from_nanos(left->count(), GPR_TIMESPAN);
    call.set_deadline(gpr_time_add(gpr_now(GPR_CLOCK_REALTIME), span));
  }
  if (!ctx.can_be_done()) return;
  link_ = std::make_shared<link>();
  link_->call = &call;
  ended_ = ctx.on_done([link = link_, ctx, given = left.value_or(std::chrono::nanoseconds(0))] {
    if (is_left_to_grpc(ctx, given)) return;
    const std::lock_guard hold(link->mutex);
    if (link->call != nullptr) link->call->TryCancel();
  });
}

grpc_outgoing::~grpc_outgoing() {
  if (!link_) return;
  const std::lock_guard hold(link_->mutex);
  link_->call = nullptr;
}

} // namespace weir
