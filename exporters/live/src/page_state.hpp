// What viewers of a page share: the snapshot.
#pragma once

#include "log_tail.hpp"
#include "slow_requests.hpp"
#include "snapshot.hpp"
#include "weir/live/page.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace weir {

/// Snapshots are numbered, and made when the first viewer asks after the interval. Of each there are two texts, each
/// made once at most: what is new since the one before, for viewers that have that, and the whole, for those who have
/// just come or have skipped some.
struct live_page::state {
  using clock = std::chrono::steady_clock;

  explicit state(live_options given);

  /// As late as by show(): whoever makes a family first chooses its cap, and that should be the observer.
  void make_families();
  bool admit();
  void dismiss() noexcept;
  /// `seen`: the number of the viewer's last snapshot, which becomes that of the one returned.
  std::shared_ptr<const std::string> next(std::uint64_t& seen);
  std::chrono::nanoseconds until_next();

  const live_options options;
  const std::string events; // the path
  const std::shared_ptr<detail::log_tail> tail;
  detail::slow_requests slow;
  const log_stream* stream = nullptr;
  const request_observer* observer = nullptr;

  std::mutex mutex; // for what follows
  bool closed = false;
  std::size_t viewers = 0;

 private:
  void make(clock::time_point now);
  std::shared_ptr<const std::string> compose(std::uint64_t since_record, bool with_slow);

  std::optional<detail::shown_families> families_;
  const std::string id_; // of this run of the program: after another one, the page begins anew
  const std::int64_t started_;
  // Of the snapshot that is up to date:
  std::uint64_t number_ = 0;
  clock::time_point made_{};
  std::string common_; // of both texts
  std::uint64_t last_record_ = 0, last_record_before_ = 0;
  std::uint64_t slow_version_ = 0, slow_version_before_ = 0;
  std::shared_ptr<const std::string> news_, whole_;
};

} // namespace weir
