#include "early_answer.hpp"

#include "session.hpp"

namespace weir::detail {

early_answer::early_answer(session& whose) : session_(whose), at_end_(session_.executor(), give{this}) {}

early_answer::early_answer(http_response& response, const context& ctx, std::string_view body)
    : early_answer(*response.session_) {
  begin(ctx, body);
}

void early_answer::begin(const context& ctx, std::string_view body) {
  ctx_ = ctx;
  body_ = body;
  at_end_.begin(ctx_);
}

void early_answer::end() noexcept {
  at_end_.end();
  ctx_ = {}; // held on to, it could not be renewed for the next request
}

void early_answer::give::operator()() const { own->session_.answer_early(own->ctx_, own->body_); }

} // namespace weir::detail
