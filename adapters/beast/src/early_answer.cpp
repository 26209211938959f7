#include "early_answer.hpp"

#include "session.hpp"

namespace weir::detail {

early_answer::early_answer(http_response& response, context ctx, std::string_view body)
    : session_(*response.session_),
      ctx_(std::move(ctx)),
      body_(body),
      at_end_(ctx_, session_.executor(), give{self_}) {}

void early_answer::give::operator()() const {
  const auto alive = target.lock();
  if (!alive) return;
  early_answer& own = **alive;
  own.session_.answer_early(own.ctx_, own.body_);
}

} // namespace weir::detail
