// A call to another service that is made for the context at hand.
#pragma once

#include "weir/context.hpp"

#include <grpcpp/client_context.h>

#include <cstddef>
#include <memory>

namespace weir {

/// Carries a context on into a call: trace, baggage and request id as metadata, the earlier one of the two deadlines,
/// and its end, which cancels the call. When the context's deadline passes, with_timeout()'s as well, or whoever waits
/// gives up for it at most 100 ms before, the call ends at that deadline as DEADLINE_EXCEEDED; when the context is
/// cancelled earlier, at once as CANCELLED.
///
///   grpc::ClientContext call;
///   const weir::grpc_outgoing carried(call, weir::current_context());
///   const grpc::Status status = stub->Find(&call, question, &answer);
///
/// It is an object beside the call, and no interceptor, because gRPC creates interceptors when the call's deadline
/// has already been taken.
///
/// It adds to what the call has, and replaces nothing: beside a `traceparent` that you have set a second one is sent,
/// and the server may take either or none. So set none.
///
/// `baggage_limit_bytes`: how much of the baggage is sent, its first members, each whole. A gRPC server refuses, with
/// RESOURCE_EXHAUSTED, a call of which all metadata take more than 8 KiB together, by default, and a baggage may be
/// of 8 KiB alone. More where the servers are known to take it (GRPC_ARG_MAX_METADATA_SIZE); 0 sends none.
///
/// Made before the call is started, with its set_deadline() done, and destroyed after the call is over, before
/// `call`. Thread safety: thread-compatible. Errors: throws std::bad_alloc. Cost: some strings, and an allocation if
/// the context can end.
class grpc_outgoing {
 public:
  static constexpr std::size_t default_baggage_limit_bytes = 4096;

  grpc_outgoing(grpc::ClientContext& call, const context& ctx,
                std::size_t baggage_limit_bytes = default_baggage_limit_bytes);
  ~grpc_outgoing();
  grpc_outgoing(const grpc_outgoing&) = delete;
  grpc_outgoing& operator=(const grpc_outgoing&) = delete;

 private:
  struct link;
  std::shared_ptr<link> link_;
  done_registration ended_;
};

} // namespace weir
