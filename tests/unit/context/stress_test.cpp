// Everything at once from many threads, recorded, and checked when all is quiet for what holds in whatever order.
#include "weir/context.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "context/cancel_node.hpp"

using namespace std::chrono_literals;

namespace {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr int rounds = 100;
#else
constexpr int rounds = 1000;
#endif
constexpr std::uint32_t threads = 4;
constexpr int changes = 250;

struct level_key {
  using value_type = int;
};
struct alive_key {
  using value_type = std::shared_ptr<int>;
};

using time_point = weir::context::time_point;
time_point now() { return weir::context::clock::now(); }

/// The numbers of the contexts whose end ends one, its own last.
using ended_by = std::vector<std::uint32_t>;

bool has(const ended_by& all, std::uint32_t id) { return std::find(all.begin(), all.end(), id) != all.end(); }

/// A context with what the record knows of it.
struct numbered {
  weir::context ctx;
  weir::cancel_function cancel;
  ended_by by;
};

/// Something that ends a context: a cancel, or a deadline, which is not known to return.
struct ending {
  std::uint32_t target;
  time_point began;
  time_point returned;
};

struct callback_record {
  std::atomic<int> runs = 0;
  std::atomic<int> destroyed = 0;
  std::optional<bool> prevented{};     // what stop() said
  std::optional<weir::context> left{}; // detached: from whom
};

/// What one thread did. It is read when the thread has gone.
struct history {
  std::vector<numbered> made;            // those that it did not drop
  std::map<std::string, ending> endings; // by the text of the cause
  std::deque<callback_record> callbacks;
  int wrong = 0;
};

/// Contexts that all threads derive from, end and replace.
class pool {
 public:
  explicit pool(const numbered& root) { all_.fill(root); }

  numbered get(std::size_t i) {
    const std::lock_guard hold(mutex_);
    return all_[i % all_.size()];
  }
  void put(std::size_t i, numbered made) {
    const std::lock_guard hold(mutex_);
    std::swap(all_[i % all_.size()], made);
  }
  std::array<numbered, 12> copy() {
    const std::lock_guard hold(mutex_);
    return all_;
  }

 private:
  std::mutex mutex_;
  std::array<numbered, 12> all_;
};

/// Says what becomes of it.
class recorded_callback {
 public:
  recorded_callback(callback_record& record, weir::context ctx) : record_(&record), ctx_(std::move(ctx)) {}
  recorded_callback(recorded_callback&& other) noexcept
      : record_(std::exchange(other.record_, nullptr)), ctx_(std::move(other.ctx_)) {}
  recorded_callback(const recorded_callback&) = delete;
  ~recorded_callback() {
    // release: pairs with the acquire of who waits for it; publishes the run.
    if (record_) record_->destroyed.fetch_add(1, std::memory_order_release);
  }
  void operator()() { record_->runs += ctx_.can_be_done() && !ctx_.done() ? 100 : 1; }

 private:
  callback_record* record_;
  weir::context ctx_;
};

class worker {
 public:
  worker(pool& shared, history& all, std::uint32_t number, std::uint32_t seed)
      : shared_(shared), all_(all), next_id_(number * 1'000'000 + 1), random_(seed) {}

  void run() {
    for (int step = 0; step < changes; ++step) do_one();
    for (auto& each : registrations_) {
      if (random_() % 2 == 0) stop(each);
    }
  }

 private:
  struct registered {
    weir::done_registration registration;
    callback_record* record;
  };

  void do_one() {
    const std::size_t at = random_();
    const numbered found = shared_.get(at);
    switch (random_() % 14) {
    case 0:
    case 1:
      return keep(at + 1, weir::with_cancel(found.ctx), found.by);
    case 2:
      return keep(at + 1, weir::with_cancel(weir::with_value<level_key>(found.ctx, 1), {1, 2, 3}), found.by);
    case 3:
      return keep(at + 1, weir::with_cancel(weir::without_cancel(found.ctx)), {});
    case 4:
    case 5: {
      const std::string text = std::to_string(next_id_);
      const auto deadline = now() + std::chrono::microseconds(random_() % 300) - 50us;
      all_.endings[text] = {next_id_, deadline, time_point::max()};
      return keep(at + 1, weir::with_deadline(found.ctx, deadline, {{}, {}, text}), found.by);
    }
    case 6:
    case 7:
    case 8:
      return cancel(found);
    case 9:
      found.ctx.wait_for(std::chrono::microseconds(random_() % 50));
      return;
    case 10:
    case 11:
      return on_done(found.ctx, !found.by.empty());
    case 12:
      if (!registrations_.empty()) {
        stop(registrations_.back());
        registrations_.pop_back();
      }
      return;
    default:
      look(found.ctx);
      begin_again(found.ctx);
    }
  }

  void keep(std::size_t at, weir::cancellable made, ended_by by) {
    by.push_back(next_id_++);
    numbered entry{std::move(made.ctx), made.cancel.share(), std::move(by)};
    made.cancel.release();
    // Those that are only in the pool go when they are replaced.
    if (random_() % 2 == 0) all_.made.push_back(entry);
    shared_.put(at, std::move(entry));
  }

  void cancel(const numbered& target) {
    if (!target.cancel) return;
    const std::string text = std::to_string(next_id_++);
    const auto began = now();
    target.cancel({weir::cancel_reason::application, {}, text});
    // Every descendant is done, whoever made it.
    const std::uint32_t id = target.by.back();
    for (const auto& each : shared_.copy()) all_.wrong += has(each.by, id) && !each.ctx.done();
    for (const auto& each : all_.made) all_.wrong += has(each.by, id) && !each.ctx.done();
    all_.endings[text] = {id, began, now()};
  }

  /// `may_be_left`: not with the root, with which it would stay.
  void on_done(const weir::context& ctx, bool may_be_left) {
    auto& record = all_.callbacks.emplace_back();
    if (may_be_left && random_() % 3 == 0) {
      // It keeps its context from now on, but not through the callback: that would be for ever.
      ctx.on_done(recorded_callback(record, {})).detach();
      if (random_() % 2 == 0) record.left = ctx;
      return;
    }
    registrations_.push_back({ctx.on_done(recorded_callback(record, ctx)), &record});
  }

  void stop(registered& each) {
    if (each.registration) each.record->prevented = each.registration.stop();
  }

  /// What is done has an error, and what it answers once it answers for ever; so do its children.
  void look(const weir::context& ctx) {
    const bool error_first = static_cast<bool>(ctx.error());
    all_.wrong += error_first && !ctx.done();
    if (!ctx.done()) return;
    const auto first = ctx.cause();
    auto [child, cancel] = weir::with_cancel(ctx);
    cancel(weir::cancel_reason::client_reset);
    all_.wrong += !ctx.error() || first.reason == weir::cancel_reason::none || !first.error;
    all_.wrong += child.cause() != first || ctx.cause() != first;
  }

  void begin_again(const weir::context& parent) {
    weir::renew(own_, parent, {1, 2, next_id_});
    all_.wrong += own_.ctx.done() && !parent.done(); // by an end from before
    all_.wrong += own_.ctx.ids()->span_id != next_id_++;
    if (random_() % 2 == 0) {
      own_.cancel();
      all_.wrong += !own_.ctx.done();
    } else {
      weir::retire(own_);
    }
  }

  pool& shared_;
  history& all_;
  std::uint32_t next_id_;
  std::mt19937 random_;
  std::vector<registered> registrations_;
  weir::cancellable own_;
};

/// How many of the contexts have a cause that they cannot have.
int wrong_causes(const std::vector<numbered>& made, const std::map<std::string, ending>& endings) {
  std::map<std::uint32_t, weir::context> by_id;
  for (const auto& each : made) by_id[each.by.back()] = each.ctx;
  int wrong = 0;
  for (const auto& [ctx, cancel, by] : made) {
    const bool asked = std::any_of(endings.begin(), endings.end(), [&by = by](const auto& each) {
      return has(by, each.second.target) && each.second.returned != time_point::max();
    });
    if (!ctx.done()) {
      wrong += asked;
      continue;
    }
    const auto cause = ctx.cause();
    const auto winner = endings.find(cause.text);
    if (winner == endings.end() || !has(by, winner->second.target)) {
      ++wrong;
      continue;
    }
    // Its own, or its nearest ancestor's.
    if (winner->second.target != by.back()) {
      const auto above = by_id.find(by[by.size() - 2]);
      wrong += above != by_id.end() && above->second.cause() != cause;
    }
    // The first: nothing that ends it too had returned before the winner began.
    for (const auto& [text, other] : endings) wrong += has(by, other.target) && other.returned < winner->second.began;
  }
  return wrong;
}

bool is_destroyed(const callback_record& record) {
  // acquire: pairs with the release in the destructor; the run came before.
  return record.destroyed.load(std::memory_order_acquire) != 0;
}

/// Those that were left with a context that has ended.
bool all_left_have_been_told(const std::deque<callback_record>& callbacks) {
  return std::all_of(callbacks.begin(), callbacks.end(), [](const callback_record& each) {
    return !each.left || !each.left->done() || (is_destroyed(each) && each.runs == 1);
  });
}

bool all_are_destroyed(const std::deque<callback_record>& callbacks) {
  return std::all_of(callbacks.begin(), callbacks.end(), is_destroyed);
}

/// Each has one end, and stop() says which.
int wrong_callbacks(const std::deque<callback_record>& callbacks) {
  int wrong = 0;
  for (const auto& each : callbacks) {
    wrong += each.runs > 1 || each.destroyed != 1;
    if (each.prevented) wrong += *each.prevented == (each.runs == 1);
  }
  return wrong;
}

/// Whether it comes to hold: the timer thread may have the last callbacks still to run.
template <typename Condition>
bool comes(Condition condition) {
  const auto limit = now() + 10s;
  while (!condition() && now() < limit) std::this_thread::yield();
  return condition();
}

} // namespace

TEST_CASE("context: what was done from many threads at once is explained by some order of it",
          "[context][concurrent][model]") {
  for (int round = 0; round < rounds; ++round) {
    const auto seed = static_cast<std::uint32_t>(Catch::rngSeed() + static_cast<unsigned>(round) * threads);
    INFO("seed " << seed);
    const auto alive = std::make_shared<int>();
    weir::cancellable root = weir::with_cancel(weir::background());
    std::array<history, threads> histories;
    {
      pool shared({weir::with_value<alive_key>(root.ctx, alive), {}, {}});
      std::vector<std::jthread> running;
      for (std::uint32_t i = 0; i < threads; ++i) {
        running.emplace_back([&, i] { worker(shared, histories[i], i + 1, seed + i).run(); });
      }
    }
    std::vector<numbered> made;
    std::map<std::string, ending> endings;
    int wrong = 0;
    for (auto& each : histories) {
      made.insert(made.end(), each.made.begin(), each.made.end());
      endings.insert(each.endings.begin(), each.endings.end());
      wrong += each.wrong;
      each.made.clear();
    }
    REQUIRE(wrong == 0);
    REQUIRE(wrong_causes(made, endings) == 0);

    // What waits on a context that has ended is run, by the timer thread perhaps just now.
    for (const auto& each : made) each.cancel();
    made.clear();
    for (auto& each : histories) REQUIRE(comes([&] { return all_left_have_been_told(each.callbacks); }));
    // All else ends with the contexts, and nothing stays with the root, which never ended.
    for (auto& each : histories) {
      for (auto& one : each.callbacks) one.left.reset();
    }
    for (auto& each : histories) {
      REQUIRE(comes([&] { return all_are_destroyed(each.callbacks); }));
      REQUIRE(wrong_callbacks(each.callbacks) == 0);
    }
    REQUIRE(comes([&] { return alive.use_count() == 1; }));
    const auto& node = *weir::detail::cancel_node::above(weir::detail::context_access::get(root.ctx));
    REQUIRE(comes([&] { return node.is_unobserved(); }));
    REQUIRE_FALSE(root.ctx.done());
  }
}
