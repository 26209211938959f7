#include "weir/log/own_thread_sink.hpp"

#include "log/fork.hpp"
#include "log/option_check.hpp"
#include "log/sink_runner.hpp"
#include "start_thread.hpp"

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

namespace weir {

namespace {

using detail::record_copies;
using detail::sink_runner;

class on_thread final : public sink {
 public:
  on_thread(std::shared_ptr<sink> target, own_thread_options options)
      : sink(std::string(target->name())), options_(options), runner_(std::make_shared<sink_runner>(target)) {
    set_threshold(target->threshold());
    thread_ = detail::start_thread("weir-sink", [runner = runner_] { runner->run(); });
  }
  ~on_thread() override {
    // A forked child has the object but not the thread, which may have held the lock.
    const bool ended = detail::fork_count() == process_ && runner_->end(options_.drain_limit);
    ended ? thread_.join() : thread_.detach();
  }

  void reopen() noexcept override { runner_->reopen(); }

  void append(const record& entry) override {
    // From the first that does not fit to the batch's end, so that those lost are the last ones appended.
    full_ = full_ || batch_.bytes() + record_copies::size_of(entry) + runner_->used_bytes() > options_.buffer_bytes;
    if (full_)
      ++refused_;
    else
      batch_.add(entry);
  }

  commit_result commit() override {
    count_late();
    full_ = false;
    commit_result result{.lost = std::exchange(refused_, 0)};
    if (result.lost != 0) result.error = std::make_error_code(std::errc::no_buffer_space);
    if (batch_.count() != 0) runner_->push(std::exchange(batch_, {}), !is_announcement());
    return result;
  }

  void flush() override {
    const std::error_code error = runner_->drain(false, options_.drain_limit);
    count_late();
    if (error) throw std::system_error(error);
  }

  std::error_code sync() override {
    const std::error_code error = runner_->drain(true, options_.drain_limit);
    count_late();
    if (error) return error;
    // The stream took for written what the target has lost since.
    return std::exchange(lost_late_, false) ? std::make_error_code(std::errc::io_error) : std::error_code();
  }

 private:
  void count_late() noexcept {
    const auto losses = runner_->take_losses();
    lost_late_ = lost_late_ || losses.records != 0;
    count(0, losses.records, losses.errors);
  }

  const own_thread_options options_;
  const std::uint32_t process_ = detail::fork_count();
  const std::shared_ptr<sink_runner> runner_;
  std::thread thread_;
  record_copies batch_;
  std::size_t refused_ = 0;
  bool full_ = false;
  bool lost_late_ = false; // since the last sync
};

} // namespace

std::shared_ptr<sink> on_own_thread(std::shared_ptr<sink> target, own_thread_options options) {
  if (target == nullptr) throw std::invalid_argument("on_own_thread: the sink is null");
  detail::check_option<std::size_t>("own_thread_options.buffer_bytes", options.buffer_bytes, std::size_t{64} << 10,
                                    std::size_t{1} << 30);
  detail::check_option<std::int64_t>("own_thread_options.drain_limit (ms)", options.drain_limit.count(), 0, 60'000);
  return std::make_shared<on_thread>(std::move(target), options);
}

} // namespace weir
