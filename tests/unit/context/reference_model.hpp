// The tree of contexts written down as plainly as can be, for the library to be compared with.
#pragma once

#include "weir/context.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weir_test {

/// Contexts and callbacks are numbers. A context holds only what it was made with and what was done to it itself, and
/// every answer is found by walking up: nothing is handed down, copied or unlinked. Single-threaded.
class reference_model {
 public:
  using time_point = weir::context::time_point;
  static constexpr int background = -1;
  static constexpr int none = -1; ///< no callback

  /// How a context was ended. `order`: the when, as a number that grows.
  struct ending {
    std::size_t order;
    weir::context_errc error;
    weir::cancel_cause cause;
  };

  struct made_context {
    int parent = background;
    bool can_end = false;        ///< with_cancel() and the like
    bool without_cancel = false; ///< nothing above it can end it
    std::optional<time_point> deadline{};
    std::optional<std::pair<int, int>> value{}; ///< key and value
    std::optional<std::uint64_t> span{};        ///< stands for the ids
    std::map<std::string, int> fields{};
    std::optional<ending> ended{}; ///< by itself, not from above
  };

  /// orphaned: it was waiting when its context was ended, but no handle led to that any more. It is dropped, or run
  /// if a cascade under way still held the context.
  enum class callback_state { waiting, due, orphaned, run, stopped, dropped };
  struct callback {
    int source; ///< the context that can end at or above the one it was registered with
    callback_state state = callback_state::waiting;
    int captured = background; ///< a context that it keeps
  };

  int make(made_context made) {
    contexts_.push_back(std::move(made));
    return static_cast<int>(contexts_.size()) - 1;
  }

  // What a context answers.

  bool can_be_done(int of) const { return source(of) != background; }

  /// The first end on the way up is the one that counts.
  std::optional<ending> end(int of) const {
    std::optional<ending> first;
    for_each_that_can_end(of, [&](int at) {
      const auto& own = contexts_[at].ended;
      if (own && (!first || own->order < first->order)) first = own;
    });
    return first;
  }
  bool done(int of) const { return end(of).has_value(); }

  std::optional<time_point> deadline(int of) const {
    std::optional<time_point> earliest;
    for_each_that_can_end(of, [&](int at) {
      const auto& own = contexts_[at].deadline;
      if (own && (!earliest || *own < *earliest)) earliest = own;
    });
    return earliest;
  }

  std::optional<int> value(int of, int key) const {
    for (; of != background; of = contexts_[of].parent) {
      if (contexts_[of].value && contexts_[of].value->first == key) return contexts_[of].value->second;
    }
    return std::nullopt;
  }

  bool has_ids(int of) const { return span(of) || !fields(of).empty(); }
  std::optional<std::uint64_t> span(int of) const {
    for (; of != background; of = contexts_[of].parent) {
      if (contexts_[of].span) return contexts_[of].span;
    }
    return std::nullopt;
  }
  std::map<std::string, int> fields(int of) const {
    std::map<std::string, int> all;
    for (; of != background; of = contexts_[of].parent)
      all.insert(contexts_[of].fields.begin(), contexts_[of].fields.end());
    return all;
  }

  // Ending. Between begin_cascade() and finish_cascade() the callbacks run that became due; cascades nest.

  /// Ends `target` (which may be the background: then it does nothing). `held`: the contexts that handles refer to.
  void begin_cascade(int target, weir::context_errc error, weir::cancel_cause cause, const std::vector<int>& held) {
    if (target != background && !done(target)) contexts_[target].ended = ending{++ends_, error, std::move(cause)};
    hold(held);
    std::vector<int> due;
    for (int id = 0; id < static_cast<int>(callbacks_.size()); ++id) {
      auto& each = callbacks_[id];
      if (each.state != callback_state::waiting || !done(each.source)) continue;
      each.state = held_[each.source] ? callback_state::due : callback_state::orphaned;
      if (each.state == callback_state::due) due.push_back(id);
    }
    cascades_.push_back(std::move(due));
  }

  /// Empty, or what the library did wrong by running `id` now: in one cascade the callbacks of a context run in order
  /// of registration, and before those of its descendants; each once.
  std::string run(int id) {
    if (cascades_.empty()) return "a callback runs while nothing is being ended";
    if (std::exchange(callbacks_[id].state, callback_state::run) == callback_state::orphaned) return {};
    auto& due = cascades_.back();
    const auto found = std::find(due.begin(), due.end(), id);
    if (found == due.end()) return "a callback runs that is not due";
    for (const int other : due) {
      const int source = callbacks_[other].source;
      if (source == callbacks_[id].source && other < id) return "callbacks run out of order";
      if (source != callbacks_[id].source && ends_with(callbacks_[id].source, source))
        return "a callback runs before an ancestor's";
    }
    due.erase(found);
    return {};
  }

  bool finish_cascade() {
    const bool all_have_run = cascades_.back().empty();
    cascades_.pop_back();
    return all_have_run;
  }

  // Callbacks.

  /// Registered with `of`. If that is done, the callback is due, in a cascade of its own that the caller finishes.
  int add_callback(int of, int captured, const std::vector<int>& held) {
    const int source = this->source(of);
    callback made{source, source == background ? callback_state::dropped : callback_state::waiting, captured};
    const int id = static_cast<int>(callbacks_.size());
    callbacks_.push_back(made);
    begin_cascade(background, {}, {}, held);
    return id;
  }

  /// Whether that prevented the run.
  bool stop(int id) {
    if (id == none) return false;
    auto& state = callbacks_[id].state;
    if (state != callback_state::waiting && state != callback_state::due) return false;
    state = callback_state::stopped;
    for (auto& due : cascades_) std::erase(due, id);
    return true;
  }

  /// What waits on contexts to which there is no way any more is dropped. `held`: the contexts that handles refer to.
  void drop_all_but(const std::vector<int>& held) {
    hold(held);
    for (auto& each : callbacks_) {
      const bool unreachable = each.state == callback_state::waiting && !held_[each.source];
      if (unreachable || each.state == callback_state::orphaned) each.state = callback_state::dropped;
    }
  }

  /// Of the last drop_all_but(): whether a child of `of` is held, or a callback waits for it.
  bool is_observed(int of) const {
    for (std::size_t at = 0; at < contexts_.size(); ++at) {
      if (contexts_[at].parent == of && held_[at]) return true;
    }
    return std::any_of(callbacks_.begin(), callbacks_.end(), [&](const callback& each) {
      return each.source == of && each.state == callback_state::waiting;
    });
  }

  const std::vector<callback>& callbacks() const { return callbacks_; }
  int source(int of) const {
    int nearest = background;
    for_each_that_can_end(of, [&](int at) {
      if (nearest == background) nearest = at;
    });
    return nearest;
  }

 private:
  /// From `of` upwards.
  template <typename Visit>
  void for_each_that_can_end(int of, Visit visit) const {
    for (; of != background && !contexts_[of].without_cancel; of = contexts_[of].parent) {
      if (contexts_[of].can_end) visit(of);
    }
  }

  /// A context keeps those that it was made from.
  void hold(const std::vector<int>& handles) {
    held_.assign(contexts_.size(), false);
    for (int at : handles) {
      for (; at != background && !held_[at]; at = contexts_[at].parent) held_[at] = true;
    }
  }

  /// Whether `of` ends when `above` does.
  bool ends_with(int of, int above) const {
    bool found = false;
    for_each_that_can_end(of, [&](int at) { found |= at == above; });
    return found;
  }

  std::vector<made_context> contexts_;
  std::vector<callback> callbacks_;
  std::vector<std::vector<int>> cascades_;
  std::vector<bool> held_;
  std::size_t ends_ = 0;
};

} // namespace weir_test
