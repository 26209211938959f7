#include "session.hpp"

#include "chained_handler.hpp"
#include "heads.hpp"
#include "weir/asio/code_of.hpp"
#include "weir/beast/request_scope.hpp"
#include "weir/context/task_failure.hpp"
#include "weir/log/macros.hpp"
#include "weir/log/rate_limit.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/error.hpp>

#include <exception>
#include <utility>

namespace weir::detail {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {

/// The status for a request that could not be read; 0 if it is the connection that failed.
unsigned status_for(const boost::system::error_code& error) noexcept {
  if (error == http::error::header_limit || error == http::error::buffer_overflow) return 431;
  if (error == http::error::body_limit) return 413;
  if (error == beast::error::timeout) return 408;
  if (error == boost::system::errc::protocol_not_supported) return 505;
  if (error == asio::error::shut_down) return 503;
  if (error == http::error::end_of_stream || error == http::error::partial_message) return 0;
  return error.category() == http::make_error_code(http::error::bad_method).category() ? 400 : 0;
}

/// What was thrown, for the log.
std::string text_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "unknown exception";
  }
}

} // namespace

session::session(server_socket socket, std::string peer, const server_setup& setup, session_list& list)
    : setup_(setup),
      list_(list),
      connection_(std::move(socket), setup.options, setup.options.observer != nullptr ? slot_.get() : nullptr),
      peer_(std::move(peer)),
      limits_(&setup.limits) {
  if (setup_.options.observer != nullptr) {
    exchange_.emplace(*setup_.options.observer);
    watch_.emplace(executor(), setup_.options.watch);
  } else {
    unobserved_ = with_cancel({});
  }
  request_.peer_ = peer_;
  request_.session_ = this;
  list_.all.insert(this);
}

session::~session() {
  finish_exchange();
  list_.all.erase(this);
  if (list_.all.empty() && list_.on_empty) list_.on_empty();
}

void session::start() {
  const auto ended = [self = shared_from_this()](const std::exception_ptr& escaped) {
    if (escaped) self->give_up(escaped);
  };
  // The executor is for what handlers await; the session's own operations resume it by bind_ambient(), which costs
  // less. Around the io_context's own executor, not the stream's type-erased one: that is small enough to be held in
  // place.
  auto& io = static_cast<asio::io_context&>(asio::query(executor(), asio::execution::context));
  if (exchange_)
    asio::co_spawn(asio::any_io_executor(ambient_executor(io.get_executor(), slot_)), run(), ended);
  else
    asio::co_spawn(executor(), run(), ended);
}

/// Something was thrown that no handler is to blame for, as where memory ran out. The connection goes with the
/// session; a request under way counts as failed, and its record says why. Where it goes on and on, the log is not to
/// be filled with it.
void session::give_up(const std::exception_ptr& thrown) {
  const std::string what = text_of(thrown);
  if (setup_.options.log != nullptr)
    WEIR_ERROR_LIMITED(*setup_.options.log, rate_limit(100), "connection given up: {}", what);
  if (exchange_ && exchange_->is_open()) exchange_->handler_threw(what);
}

/// What has just been read is still to be taken in: closing would lose it.
void session::wind_down() {
  winding_down_ = true;
  connection_.expect_no_more();
  if (!under_way_) connection_.cancel();
}

/// Closing is for good. A cancel would miss an operation that is between two of its steps, and then it waits on.
void session::cut_off() {
  // What the handler waits for may complete in a callback of the context's: then the session has ended when the
  // cancel returns.
  const auto self = shared_from_this();
  winding_down_ = cut_off_ = true;
  if (exchange_) {
    exchange_->cancel(cancel_reason::shutdown);
    watch_->stop();
  } else {
    unobserved_.cancel(cancel_reason::shutdown);
  }
  connection_.close();
}

void session::interrupt::operator()() const {
  const auto self = target.lock();
  // It comes by post: the request may be over, or be going on under another context.
  if (self && self->under_way_ && self->round_ == round && self->request_.ctx().done()) self->connection_.cancel();
}

/// One coroutine for all requests of a connection: for each of them a frame would be made anew.
asio::awaitable<void> session::run() {
  // With the co_await in the loop's condition, GCC 12 loses `this`.
  bool again = true;
  while (again && goes_on()) {
    limits_ = &setup_.limits;
    parser& incoming = incoming_.emplace(setup_.options.header_limit_bytes);
    // Nothing has been waited for since the request before ended.
    const auto now = exchange_ ? exchange_->facts().finished : exchange_record::time_point();
    error_code error = co_await connection_.read_header(incoming, now);
    header_flaw flaw;
    if (!begin_request(incoming, error, flaw)) break;
    if (error) {
      const unsigned status = note_unreadable(error, flaw);
      if (status != 0) co_await reject(status);
      again = false;
    } else if (exchange_ && exchange_->expired_on_arrival()) {
      again = co_await refuse_expired();
    } else {
      co_await handle();
      const bool keep_alive = may_keep_alive() && goes_on();
      const std::optional<bool> at_once = conclude_at_once(keep_alive);
      again = at_once.value_or(false);
      if (!at_once) again = co_await conclude(keep_alive);
    }
    finish_exchange();
    under_way_ = false;
    if (body_ == body_state::whole) continue;
    // What the client still sends is nothing that the next request could begin with.
    if (again) {
      error = co_await connection_.skip_body(incoming, *limits_);
      again = !error;
    }
    lingers_ = lingers_ || !again;
  }
  connection_.shutdown_send();
  if (lingers_) co_await connection_.drain();
}

/// A header has come, or a part of one and an end to it; false if nothing has. `error` is what reading it gave, and
/// is set if there is something wrong with it.
bool session::begin_request(parser& incoming, error_code& error, header_flaw& flaw) {
  // An idle connection ends, whatever the reason, without a word.
  if (cut_off_ || (error && !incoming.got_some())) return false;
  under_way_ = true;
  ++round_;
  if (!error) flaw = find_flaw(incoming.get());
  if (flaw.status != 0) error = http::error::bad_field;
  if (!error) take_host_of_target(incoming.get());
  begin_exchange(incoming);
  body_ = incoming.is_done() || error ? body_state::whole : body_state::unread;
  if (!error) find_route(incoming);
  request_.message_ = incoming.release();
  request_.has_body_ = body_ == body_state::whole;
  return true;
}

void session::begin_exchange(const parser& incoming) {
  if (!exchange_) return;
  const auto& head = incoming.get();
  request_headers headers(exchange_->observer());
  take_all(headers, head);
  exchange_->begin({.method = to_view(head.method_string()),
                    .target = to_view(head.target()),
                    .peer = peer_,
                    .version = head.version(),
                    .headers = &headers,
                    .received = connection_.header_began()});
  slot_->set(exchange_->ctx());
  watch_->start(connection_.socket().native_handle(), *exchange_);
}

void session::finish_exchange() noexcept {
  interrupt_.reset();
  if (when_late_) when_late_->end();
  if (!exchange_) return;
  watch_->stop();
  // Held on to, the context could not be renewed for the next request.
  request_.ctx_ = {};
  slot_->set({});
  exchange_->finish();
}

void session::interrupt_at_end_of(const context& ctx) {
  interrupt_.emplace(ctx, executor(), interrupt{weak_from_this(), round_});
}

void session::find_route(const parser& incoming) {
  const auto& head = incoming.get();
  match_ = setup_.routes.find(to_view(head.method_string()), path_of(to_view(head.target())), request_.params_);
  if (match_.limits != nullptr) limits_ = match_.limits;
  if (exchange_) exchange_->set_route(match_.path_template);
}

/// Whether the connection may serve another request behind this one.
bool session::may_keep_alive() const {
  if (!wants_to_go_on(request_.message_.version(), request_.message_)) return false;
  return body_ == body_state::whole ||
         (body_ == body_state::unread && connection::may_skip_body(*incoming_, request_.message_));
}

/// For whoever around the handler wants the body, and at last for the handler. A time that is over ends it, be it the
/// client's for the body, or the request's.
asio::awaitable<bool> session::receive_body() {
  if (body_ != body_state::unread) co_return body_ == body_state::whole;
  if (exchange_) exchange_->body_awaited();
  receives_ = true;
  // A copy: middleware that has given up may put back the context that it had narrowed.
  const context until = request_.ctx_;
  if (until.deadline() || until != ctx()) interrupt_at_end_of(until);
  const error_code error = co_await connection_.read_body(*incoming_, request_.message_, *limits_, until);
  interrupt_.reset();
  receives_ = false;
  request_.message_.body() = std::move(incoming_->get().body());
  if (exchange_) exchange_->add_request_bytes(request_.message_.body().size());
  // Also where the last of it came with the end of the time: whoever would have answered early has let it pass.
  const bool is_over = is_out_of_time(until) || (until.done() && !ctx().done());
  if (!error && !is_over) {
    body_ = body_state::whole;
    request_.has_body_ = true;
    if (exchange_) exchange_->handler_started();
    co_return true;
  }
  body_ = body_state::lost;
  // What runs around the handler sees the answer, and may add to it; whose context it is that has ended, or whose
  // time, gives one itself.
  if (is_over) co_return false;
  const unsigned status = note_unreadable(error, {});
  if (status == 0)
    body_ = body_state::deserted;
  else if (!response_->started())
    fill_rejection(response_->clear_content().message_, status);
  co_return false;
}

/// Of a request that could not be read, for the reason in `error`, unless `why` has a better text for it: its outcome
/// and the status for who may still be waiting, or 0.
unsigned session::note_unreadable(const error_code& error, header_flaw flaw) {
  const unsigned status = flaw.status != 0 ? flaw.status : status_for(error);
  if (!exchange_) return status;
  if (error == beast::error::timeout)
    exchange_->timed_out();
  else if (error == asio::error::shut_down)
    exchange_->refused(cancel_reason::shutdown);
  else if (status != 0)
    exchange_->protocol_error(flaw.status == 0 ? error.message() : std::string(flaw.why));
  else
    exchange_->cancel(reason_of(error));
  return status;
}

void session::fill_rejection(http_response::message_type& answer, unsigned status) {
  answer.result(static_cast<http::status>(status));
  answer.set(http::field::content_type, "text/plain; charset=utf-8");
  answer.body() = std::string(http::obsolete_reason(answer.result())) + "\n";
}

/// Answers a request of which the header could not be read; the connection ends.
asio::awaitable<void> session::reject(unsigned status) {
  if (exchange_) exchange_->response_started(status);
  http_response::message_type answer(http::status::ok, 11);
  fill_rejection(answer, status);
  answer.keep_alive(false);
  answer.prepare_payload();
  // RFC 9110 section 9.3.2: HEAD gets the length without what it is the length of.
  if (is_head()) answer.body().clear();
  complete_header(answer);
  lingers_ = true;
  const error_code failed = co_await connection_.send(answer, *limits_->progress_timeout);
  if (failed || !exchange_) co_return;
  exchange_->add_response_bytes(answer.body().size());
  exchange_->response_completed();
}

/// Runs middleware and handler; whatever they throw ends here.
asio::awaitable<void> session::handle() {
  request_.slot_ = exchange_ ? slot_.get() : nullptr;
  request_.observed_ = exchange_ ? &*exchange_ : nullptr;
  request_.ctx_ = ctx();
  response_.emplace(*this);
  if (exchange_) {
    const bool has_waited = connection_.header_began() != exchange_record::time_point();
    exchange_->handler_started(has_waited ? exchange_record::time_point() : exchange_->facts().received);
  }
  if (ctx().deadline()) {
    if (!when_late_) when_late_.emplace(*this);
    when_late_->begin(ctx(), took_too_long_line);
  }

  std::exception_ptr thrown;
  try {
    co_await run_chain(0);
  } catch (...) {
    thrown = std::current_exception();
  }
  if (exchange_) exchange_->handler_returned();
  if (thrown) note_thrown(thrown);
  if (when_late_) when_late_->end();
}

void session::note_thrown(const std::exception_ptr& thrown) {
  // What a handler often ends with is that it was told to: that its client has gone is no failure of its.
  const bool is_failure = !ended_with(ctx(), code_of(thrown));
  if (early_ || is_late()) {
    if (is_failure) report_task_failure(ctx(), "handler", thrown);
    return;
  }
  if (is_failure) {
    const std::string what = text_of(thrown);
    if (exchange_) exchange_->handler_threw(what);
    if (setup_.options.log != nullptr)
      WEIR_ERROR(*setup_.options.log, "handler threw: {}", what, field<"http.route">(match_.path_template));
  }
  if (response_->started())
    response_->broken_ = true;
  else
    response_->clear_content().error(500, "internal error");
}

/// No coroutine: a chain of one handler is that handler's.
asio::awaitable<void> session::run_chain(std::size_t index) {
  if (index < setup_.middleware.size())
    return setup_.middleware[index](request_, *response_,
                                    next_handler([this, index] { return run_chain(index + 1); }));
  if (match_.handler == nullptr) return answer_unrouted();
  return body_ == body_state::whole || receives_by_itself(*match_.handler) ? (*match_.handler)(request_, *response_)
                                                                           : receive_and_handle();
}

/// What stands around it has let the request pass.
asio::awaitable<void> session::receive_and_handle() {
  // Not within the condition: GCC 12 makes a trap of it.
  const bool received = co_await receive_body();
  if (received) co_await (*match_.handler)(request_, *response_);
}

asio::awaitable<void> session::answer_unrouted() {
  if (request_.target() == "*") // RFC 9110 section 9.3.7: OPTIONS for the whole server, which has none to tell
    response_->status(204);
  else if (!match_.allow.empty())
    response_->error(405, "method not allowed").header("Allow", match_.allow);
  else
    response_->error(404, "not found");
  co_return;
}

/// Its caller had given up when it came: the handler does not run.
asio::awaitable<bool> session::refuse_expired() {
  exchange_->refused(cancel_reason::deadline);
  request_.ctx_ = ctx();
  response_.emplace(*this);
  response_->error(504, "the deadline had passed");
  co_return co_await send_whole(may_keep_alive() && goes_on());
}

} // namespace weir::detail
