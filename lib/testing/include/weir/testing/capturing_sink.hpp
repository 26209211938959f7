// A sink for tests: keeps its lines in memory, and fails or blocks when it is told to.
#pragma once

#include "weir/log/record.hpp"
#include "weir/log/renderer.hpp"
#include "weir/log/sink.hpp"

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <iterator>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::testing {

/// Give it to a stream, log, flush the stream, look at lines(). All members beyond sink's own are thread-safe.
/// A sink that is still blocked when its stream goes costs the stream's close_limit.
class capturing_sink final : public sink {
 public:
  explicit capturing_sink(std::unique_ptr<renderer> lines_from = as_text(), std::string name = "capturing")
      : sink(std::move(name)), renderer_(std::move(lines_from)) {}

  /// What was committed so far, one element a record, without line feeds.
  std::vector<std::string> lines() const {
    const std::lock_guard lock(mutex_);
    return committed_;
  }
  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return committed_.size();
  }
  /// How many lines contain `text`.
  std::size_t count(std::string_view text) const {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(
        std::ranges::count_if(committed_, [&](const std::string& line) { return line.find(text) != line.npos; }));
  }
  /// How often a flush of the stream has come through.
  std::size_t flushes() const {
    const std::lock_guard lock(mutex_);
    return flushes_;
  }

  /// From now on append() throws for records whose line contains `text`; an empty text ends that.
  void refuse(std::string text) {
    const std::lock_guard lock(mutex_);
    refused_ = std::move(text);
  }
  /// From now on every commit loses its last `records` records, and says so.
  void lose_last(std::size_t records) {
    const std::lock_guard lock(mutex_);
    lose_last_ = records;
  }
  /// From now on every commit throws (or no longer does).
  void throw_on_commit(bool on) {
    const std::lock_guard lock(mutex_);
    throw_on_commit_ = on;
  }

  /// From now on every commit waits for unblock().
  void block() {
    const std::lock_guard lock(mutex_);
    blocked_ = true;
  }
  void unblock() {
    const std::lock_guard lock(mutex_);
    blocked_ = false;
    changed_.notify_all();
  }
  /// Returns when a commit waits for unblock().
  void wait_until_blocked() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_; });
  }

  void append(const record& entry) override {
    text_buffer line;
    renderer_->render(entry, line);
    std::string text(line.data(), line.size());
    if (text.ends_with('\n')) text.pop_back();
    const std::lock_guard lock(mutex_);
    if (!refused_.empty() && text.find(refused_) != text.npos) throw std::runtime_error("told to refuse " + refused_);
    appended_.push_back(std::move(text));
  }

  commit_result commit() override {
    std::unique_lock lock(mutex_);
    waiting_ = true;
    changed_.notify_all();
    changed_.wait(lock, [&] { return !blocked_; });
    waiting_ = false;
    std::vector<std::string> batch = std::exchange(appended_, {});
    if (throw_on_commit_) throw std::runtime_error("told to throw");
    const std::size_t lost = (std::min)(lose_last_, batch.size());
    batch.resize(batch.size() - lost);
    std::ranges::move(batch, std::back_inserter(committed_));
    commit_result result{.lost = lost, .error = {}};
    if (lost != 0) result.error = std::make_error_code(std::errc::no_space_on_device);
    return result;
  }

  void flush() override {
    const std::lock_guard lock(mutex_);
    ++flushes_;
  }

 private:
  const std::unique_ptr<renderer> renderer_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> appended_, committed_;
  std::string refused_;
  std::size_t lose_last_ = 0, flushes_ = 0;
  bool throw_on_commit_ = false, blocked_ = false, waiting_ = false;
};

} // namespace weir::testing
