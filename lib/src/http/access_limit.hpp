// A limit on the access log's records, whose stream tells what it holds back where no record does.
#pragma once

#include "weir/log/limit.hpp"
#include "weir/log/limited_statement.hpp"
#include "weir/log/logger.hpp"

#include <atomic>
#include <cstdint>

namespace weir::detail {

/// When the stream tells of what was held back, if no record does.
enum class told_when : std::uint8_t {
  it_is_over, ///< some seconds after the last that was
  it_ends,    ///< when the limit is destroyed; until then silence is what its user has asked for
};

/// As a statement's limit, but with an end, which may come while the stream still watches it: what both need belongs
/// to both. Thread-safe.
template <class Limit>
class access_limit {
 public:
  /// `name`: of what is limited, a literal. `of_limit`: what the limit is made of. `log` outlives this. Throws
  /// std::bad_alloc.
  template <class Value>
  access_limit(const logger& log, level severity, const char* name, told_when when, Value of_limit)
      : log_(log), severity_(severity), when_(when), shared_(new shared(of_limit, severity, name)) {
    // relaxed: nobody else knows it yet. As if it were watched, nobody is asked to do so.
    if (when == told_when::it_ends) shared_->watched.store(true, std::memory_order_relaxed);
  }
  access_limit(const access_limit&) = delete;
  access_limit& operator=(const access_limit&) = delete;
  ~access_limit() {
    if (when_ == told_when::it_ends && shared_->of.unreported() != 0) {
      // relaxed: as above; no call comes any more.
      shared_->watched.store(false, std::memory_order_relaxed);
      log_.tell_suppressed(*shared_);
    }
    shared::hold(*shared_, false);
  }

  /// What is not to be logged anyway does not use it up.
  permit pass() noexcept {
    if (log_.threshold() > severity_) return {.passes = true};
    const permit answer = shared_->of.pass();
    if (!answer) log_.count_suppressed(*shared_);
    return answer;
  }

 private:
  struct shared : limited_statement {
    template <class Value>
    shared(Value of_limit, level at, const char* name) : limited_statement(of, at, name, 0, ""), of(of_limit) {
      limited_statement::hold = &shared::hold;
    }
    static void hold(limited_statement& statement, bool begins) noexcept {
      auto& self = static_cast<shared&>(statement);
      // relaxed: whoever adds a holder is one.
      if (begins) self.holders.fetch_add(1, std::memory_order_relaxed);
      // acq_rel: pairs with itself; the last one finds the others done with it.
      else if (self.holders.fetch_sub(1, std::memory_order_acq_rel) == 1)
        delete &self;
    }

    Limit of;
    std::atomic<int> holders{1};
  };

  const logger& log_;
  const level severity_;
  const told_when when_;
  shared* const shared_;
};

} // namespace weir::detail
