#include "weir/log/filtered_sink.hpp"

#include "log/sink_call.hpp"
#include "log/sink_ownership.hpp"

#include <stdexcept>
#include <string>
#include <utility>

namespace weir {

namespace {

using detail::sink_call;
using detail::sink_ownership;

class filter final : public sink {
 public:
  filter(std::shared_ptr<sink> target, std::function<bool(const record&)> predicate)
      : sink(std::string(target->name())), target_(std::move(target)), predicate_(std::move(predicate)) {
    sink_ownership::take("the arguments of filtered", {&target_, 1});
    set_threshold(target_->threshold());
    seen_ = target_->stats();
  }
  ~filter() override { sink_ownership::let_go({&target_, 1}); }

  void reopen() noexcept override { target_->reopen(); }

  void append(const record& entry) override {
    sink_call::mark(*target_, is_announcement());
    if (!predicate_(entry) || !sink_call::append(*target_, entry)) decline();
  }

  commit_result commit() override {
    const late_losses counted{*this};
    sink_call::mark(*target_, is_announcement());
    return target_->commit();
  }

  void flush() override {
    const late_losses counted{*this};
    target_->flush();
  }

  std::error_code sync() override {
    const late_losses counted{*this};
    return target_->sync();
  }

 private:
  /// When what the target was called for is over, however it ended: takes over what the target itself has counted.
  struct late_losses {
    filter& of;
    ~late_losses() {
      const sink_stats now = of.target_->stats(), before = std::exchange(of.seen_, now);
      of.count(0, now.lost - before.lost, now.errors - before.errors);
    }
  };

  const std::shared_ptr<sink> target_;
  const std::function<bool(const record&)> predicate_;
  sink_stats seen_; // the target's
};

} // namespace

std::shared_ptr<sink> filtered(std::shared_ptr<sink> target, std::function<bool(const record&)> predicate) {
  if (target == nullptr) throw std::invalid_argument("filtered: the sink is null");
  if (!predicate)
    throw std::invalid_argument("filtered: the predicate of \"" + std::string(target->name()) + "\" is empty");
  return std::make_shared<filter>(std::move(target), std::move(predicate));
}

} // namespace weir
