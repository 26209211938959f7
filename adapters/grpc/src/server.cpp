#include "weir/grpc/server.hpp"

#include "call_poller.hpp"
#include "deadline_margin.hpp"
#include "time_left.hpp"

#include <grpc/grpc_security_constants.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace weir {

namespace {

using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::InterceptorBatchMethods;
using grpc::experimental::ServerRpcInfo;

/// The method whose body, or that part of it which starts its reactor, this thread runs.
constinit thread_local const grpc::ServerContextBase* running_call = nullptr;

std::string_view to_view(grpc::string_ref text) noexcept { return {text.data(), text.size()}; }

/// The address of "ipv4:127.0.0.1:50051" or "ipv6:%5B::1%5D:50051"; all of it where it is another kind.
std::string_view address_of(std::string_view peer) noexcept {
  const auto end = peer.rfind(':');
  if (peer.starts_with("ipv4:") && end > 5) return peer.substr(5, end - 5);
  constexpr std::string_view opening = "ipv6:%5B", closing = "%5D";
  if (!peer.starts_with(opening)) return peer;
  const auto closed = peer.find(closing);
  return peer.substr(opening.size(), closed == peer.npos ? peer.npos : closed - opening.size());
}

/// Over TLS, or not.
std::string_view scheme_of(const grpc::ServerContextBase& call) {
  const auto security = call.auth_context();
  if (security == nullptr) return "http";
  const auto kinds = security->FindPropertyValues(GRPC_TRANSPORT_SECURITY_TYPE_PROPERTY_NAME);
  const bool is_tls = std::ranges::any_of(kinds, [](grpc::string_ref kind) {
    return kind == GRPC_SSL_TRANSPORT_SECURITY_TYPE || kind == GRPC_TLS_TRANSPORT_SECURITY_TYPE;
  });
  return is_tls ? "https" : "http";
}

/// The code's name if it says that the server has failed, as OpenTelemetry's conventions for gRPC count it.
std::string_view failure_of(grpc::StatusCode code) noexcept {
  switch (code) {
  case grpc::StatusCode::UNKNOWN:
    return "UNKNOWN";
  case grpc::StatusCode::DEADLINE_EXCEEDED:
    return "DEADLINE_EXCEEDED";
  case grpc::StatusCode::UNIMPLEMENTED:
    return "UNIMPLEMENTED";
  case grpc::StatusCode::INTERNAL:
    return "INTERNAL";
  case grpc::StatusCode::UNAVAILABLE:
    return "UNAVAILABLE";
  case grpc::StatusCode::DATA_LOSS:
    return "DATA_LOSS";
  default:
    return {};
  }
}

/// One call. gRPC destroys it with the call's ServerContext, when nothing will be heard of it any more.
class observed_call final : public grpc::experimental::Interceptor, private detail::polled_call {
 public:
  observed_call(request_observer& observer, detail::call_poller& poller, ServerRpcInfo& info);
  ~observed_call() override;

  void Intercept(InterceptorBatchMethods* methods) override;

  exchange& told() noexcept { return exchange_; }
  /// In the method itself.
  void watch();

 private:
  void begin(InterceptorBatchMethods& methods);
  void give_back_id(InterceptorBatchMethods& methods);
  void take_status(const grpc::Status& status) noexcept;
  bool ask() noexcept override;
  void closed() noexcept;
  cancel_reason reason_now() const noexcept;

  const grpc::ServerContextBase& call_;
  const char* const method_;
  const bool is_callback_;
  detail::call_poller& poller_;
  exchange exchange_;
  std::chrono::nanoseconds given_{}; // how long the caller waits, if it has said so
  bool is_watched_ = false;
  std::atomic<bool> status_taken_{false}; // by the call's own thread
  std::atomic<bool> given_up_{false};     // by the caller; found by any thread
};

/// From a call's ServerContext to the interceptor that gRPC made for it.
class call_table {
 public:
  static call_table& instance() {
    static call_table* const only = new call_table; // never destroyed: servers may outlive static objects
    return *only;
  }
  void add(const grpc::ServerContextBase* call, observed_call* observed) {
    shard& own = shard_of(call);
    const std::lock_guard hold(own.mutex);
    own.calls.insert_or_assign(call, observed);
  }
  void remove(const grpc::ServerContextBase* call, const observed_call* observed) noexcept {
    shard& own = shard_of(call);
    const std::lock_guard hold(own.mutex);
    const auto found = own.calls.find(call);
    if (found != own.calls.end() && found->second == observed) own.calls.erase(found);
  }
  /// What `use` returns for the call, under the lock, so that the call is there; or nothing.
  template <class Use>
  auto with(const grpc::ServerContextBase* call, Use use)
      -> std::optional<decltype(use(std::declval<observed_call&>()))> {
    shard& own = shard_of(call);
    const std::lock_guard hold(own.mutex);
    const auto found = own.calls.find(call);
    if (found == own.calls.end()) return std::nullopt;
    return use(*found->second);
  }

 private:
  struct shard {
    std::mutex mutex;
    std::unordered_map<const grpc::ServerContextBase*, observed_call*> calls;
  };
  shard& shard_of(const grpc::ServerContextBase* call) noexcept {
    return shards_[std::hash<const void*>()(call) / alignof(std::max_align_t) % shards_.size()];
  }
  std::array<shard, 16> shards_;
};

observed_call::observed_call(request_observer& observer, detail::call_poller& poller, ServerRpcInfo& info)
    : call_(*info.server_context()),
      method_(info.method()),
      is_callback_(dynamic_cast<const grpc::CallbackServerContext*>(&call_) != nullptr),
      poller_(poller),
      exchange_(observer) {
  call_table::instance().add(&call_, this);
}

observed_call::~observed_call() {
  call_table::instance().remove(&call_, this);
  // relaxed, both: whoever drops the last reference to a call has synchronised with all that happened to it.
  if (status_taken_.load(std::memory_order_relaxed) && !given_up_.load(std::memory_order_relaxed))
    exchange_.response_completed();
  exchange_.finish();
}

void observed_call::watch() {
  if (is_watched_ || is_callback_) return;
  poller_.add(*this);
  is_watched_ = true;
}

void observed_call::begin(InterceptorBatchMethods& methods) {
  std::optional<std::chrono::microseconds> timeout;
  if (const auto left = detail::time_left(call_.raw_deadline())) {
    given_ = *left;
    timeout = std::chrono::ceil<std::chrono::microseconds>(given_);
  }
  request_headers headers(exchange_.observer());
  if (const auto* metadata = methods.GetRecvInitialMetadata())
    for (const auto& [name, value] : *metadata) headers.take(to_view(name), to_view(value));
  const std::string peer = call_.peer();
  exchange_.begin({.method = "POST",
                   .target = method_,
                   .scheme = scheme_of(call_),
                   .peer = address_of(peer),
                   .version = 20,
                   .headers = &headers,
                   .timeout = timeout});
  exchange_.set_route(method_);
  exchange_.handler_started();
}

/// So that a caller can name its call to whoever looks into the log.
void observed_call::give_back_id(InterceptorBatchMethods& methods) {
  constexpr const char* name = "x-request-id";
  const std::string& id = exchange_.facts().request_id;
  auto* const metadata = methods.GetSendInitialMetadata();
  if (!id.empty() && metadata != nullptr && metadata->find(name) == metadata->end()) metadata->emplace(name, id);
}

/// The method has returned, or the reactor has finished.
void observed_call::take_status(const grpc::Status& status) noexcept {
  if (is_watched_) poller_.remove(*this);
  // As the method could with its last line. Not of a call of the asynchronous API: that would take an event off the
  // queue of whoever serves it.
  if (running_call == &call_ && !is_callback_) ask();
  exchange_.handler_returned();
  exchange_.set_grpc_status(status.error_code(), failure_of(status.error_code()));
  const cancel_reason reason = exchange_.ctx().reason();
  if (reason == cancel_reason::client_closed || reason == cancel_reason::deadline) {
    // relaxed: see the destructor.
    given_up_.store(true, std::memory_order_relaxed);
  }
  // relaxed: see closed().
  status_taken_.store(true, std::memory_order_relaxed);
}

cancel_reason observed_call::reason_now() const noexcept {
  const auto left = detail::time_left(call_.raw_deadline());
  return left && *left <= detail::deadline_margin(given_) ? cancel_reason::deadline : cancel_reason::client_closed;
}

bool observed_call::ask() noexcept {
  if (!call_.IsCancelled()) return false;
  // gRPC has told of it by POST_RECV_CLOSE, but for one case: after a Read() that has failed for it, gRPC knows
  // without looking, and that does not come before the method has returned.
  closed();
  return true;
}

void observed_call::closed() noexcept {
  // relaxed: a call that is cancelled while its status is taken may be told as either. Before the status, this comes
  // of nothing but a cancel; behind it, only a callback call may be asked.
  if (status_taken_.load(std::memory_order_relaxed) && !(is_callback_ && call_.IsCancelled())) return;
  given_up_.store(true, std::memory_order_relaxed);
  exchange_.cancel(reason_now());
}

void observed_call::Intercept(InterceptorBatchMethods* methods) {
  if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_INITIAL_METADATA)) {
    try {
      begin(*methods);
    } catch (const std::exception&) { // no memory, or no timer's thread: it is served unobserved
    }
    // The method runs within Proceed(), and when that returns the call may be over and this interceptor gone.
    const context ctx = exchange_.ctx();
    const context_scope under_the_call(ctx);
    const auto* const before = std::exchange(running_call, &call_);
    methods->Proceed();
    running_call = before;
    return;
  }
  if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS))
    take_status(methods->GetSendStatus());
  if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_INITIAL_METADATA)) {
    give_back_id(*methods);
    // relaxed: see closed(). What nobody receives is no response.
    if (!given_up_.load(std::memory_order_relaxed)) exchange_.response_started(200);
  }
  if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_MESSAGE))
    if (const grpc::ByteBuffer* const message = methods->GetSerializedSendMessage())
      exchange_.add_response_bytes(message->Length());
  if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_CLOSE)) closed();
  methods->Proceed();
}

class interceptor_factory final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit interceptor_factory(request_observer& observer) : observer_(observer) {}

  grpc::experimental::Interceptor* CreateServerInterceptor(ServerRpcInfo* info) override {
    return new observed_call(observer_, poller_, *info);
  }

 private:
  request_observer& observer_;
  detail::call_poller poller_;
};

} // namespace

std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> observe_grpc(request_observer& observer) {
  return std::make_unique<interceptor_factory>(observer);
}

context context_of(const grpc::ServerContextBase& call) {
  const auto found = call_table::instance().with(&call, [&](observed_call& observed) {
    if (running_call == &call) observed.watch();
    return observed.told().ctx();
  });
  return found.value_or(context());
}

grpc::Status status_of(const context& ctx) {
  switch (ctx.reason()) {
  case cancel_reason::none:
    return grpc::Status::OK;
  case cancel_reason::deadline:
  case cancel_reason::timeout:
    return {grpc::StatusCode::DEADLINE_EXCEEDED, "the time for this call is over"};
  case cancel_reason::shutdown:
    return {grpc::StatusCode::UNAVAILABLE, "the server is shutting down"};
  case cancel_reason::overload:
    return {grpc::StatusCode::RESOURCE_EXHAUSTED, "the server is overloaded"};
  case cancel_reason::client_closed:
  case cancel_reason::client_reset:
  case cancel_reason::application:
    break;
  }
  return {grpc::StatusCode::CANCELLED, "the call was cancelled"};
}

exchange* exchange_of(const grpc::ServerContextBase& call) {
  return call_table::instance()
      .with(&call, [](observed_call& observed) { return &observed.told(); })
      .value_or(nullptr);
}

} // namespace weir
