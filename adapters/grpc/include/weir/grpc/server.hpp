// The interceptor that observes a gRPC server's calls, and the way from a call to its context.
#pragma once

#include "weir/context.hpp"
#include "weir/http/exchange.hpp"
#include "weir/http/observer.hpp"

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_interceptor.h>
#include <grpcpp/support/status.h>

#include <memory>

namespace weir {

/// For grpc::ServerBuilder: from now on each call to the server is an exchange.
///
///   std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> interceptors;
///   interceptors.push_back(weir::observe_grpc(observer));
///   builder.experimental().SetInterceptorCreators(std::move(interceptors));
///
/// A call's context has the caller's trace, baggage and deadline, and ends when the caller cancels it or goes.
/// Synchronous methods, and those that start a callback reactor, run under it: weir::current_context() is it there,
/// and what they log carries its ids. Elsewhere, weir::context_of().
///
/// Lifetime: the observer outlives the server. Errors: throws std::bad_alloc, or std::system_error if the thread that
/// asks after synchronous calls cannot be started.
std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> observe_grpc(request_observer& observer);

/// The context of a call; the background if its server is not observed, or the call is over. From any thread, as long
/// as gRPC lets the call be used.
///
/// gRPC tells nobody that the caller of a synchronous method has gone, but answers when it is asked. From the first
/// context_of() in such a method on it is asked, every 10 ms, and the context ends: so synchronous methods that take
/// long begin with this. Errors: throws std::bad_alloc. Cost: a lock and a look-up.
context context_of(const grpc::ServerContextBase& call);

/// The exchange of a call, for timed_out() and copy(), or nullptr. In the call's own method or reactor only, by one
/// thread at a time. Lifetime: until the method has returned, or the reactor's OnDone() has.
exchange* exchange_of(const grpc::ServerContextBase& call);

/// What a method returns that stops because its context has ended: DEADLINE_EXCEEDED, UNAVAILABLE at a shutdown,
/// RESOURCE_EXHAUSTED for overload, else CANCELLED; OK while it has not.
grpc::Status status_of(const context& ctx);

} // namespace weir
