// For tests: a sink with a disk that is as slow as the test wants, and fails when it is told to.
#pragma once

#include "weir/log/sink.hpp"

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <stdexcept>
#include <system_error>

class slow_disk final : public weir::sink {
 public:
  slow_disk() : sink("slow disk") {}

  // Thread-safe.
  std::size_t syncs() const { return locked(syncs_); }
  std::size_t flushes() const { return locked(flushes_); }
  /// Records that were committed before a sync that succeeded.
  std::size_t durable() const { return locked(durable_); }

  /// From now on every sync waits for release().
  void hold() { set(held_, true); }
  void release() { set(held_, false); }
  void wait_until_syncing() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return syncing_; });
  }
  void fail_syncs(std::error_code error) { set(error_, error); }
  void throw_from_sync(bool on) { set(throws_, on); }
  void throw_from_flush(bool on) { set(flush_throws_, on); }
  void lose_commits(bool on) { set(loses_, on); }

  void append(const weir::record&) override {
    const std::lock_guard lock(mutex_);
    ++appended_;
  }
  weir::commit_result commit() override {
    const std::lock_guard lock(mutex_);
    const std::size_t batch = std::exchange(appended_, 0);
    if (loses_) return {.lost = batch, .error = std::make_error_code(std::errc::no_space_on_device)};
    committed_ += batch;
    return {};
  }
  void flush() override {
    const std::lock_guard lock(mutex_);
    ++flushes_;
    if (flush_throws_) throw std::system_error(std::make_error_code(std::errc::broken_pipe));
  }
  std::error_code sync() override {
    std::unique_lock lock(mutex_);
    ++syncs_;
    const std::size_t covered = committed_;
    syncing_ = true;
    changed_.notify_all();
    changed_.wait(lock, [&] { return !held_; });
    syncing_ = false;
    if (throws_) throw std::runtime_error("told to throw");
    if (!error_) durable_ = covered;
    return error_;
  }

 private:
  std::size_t locked(const std::size_t& value) const {
    const std::lock_guard lock(mutex_);
    return value;
  }
  template <class T>
  void set(T& variable, T value) {
    const std::lock_guard lock(mutex_);
    variable = value;
    changed_.notify_all();
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t appended_ = 0, committed_ = 0, durable_ = 0, syncs_ = 0, flushes_ = 0;
  std::error_code error_;
  bool held_ = false, syncing_ = false, throws_ = false, flush_throws_ = false, loses_ = false;
};
