// Random programs that do each step to the library and to the reference model, and compare the two.
#pragma once

#include "weir/context.hpp"
#include "weir/context/task_failure.hpp"

#include "reference_model.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <stop_token>
#include <string>
#include <vector>

namespace weir_test {

// The keys of the values that programs give.
struct first_key {
  using value_type = int;
};
struct second_key {
  using value_type = int;
};
struct text_key {
  using value_type = std::string;
};

/// One program. Everything it does follows from its seed. Deadlines lie hours off, in the past or in the future, so
/// none passes while it runs.
class lockstep {
 public:
  explicit lockstep(std::uint32_t seed) : random_(seed) {}
  lockstep(const lockstep&) = delete;
  lockstep& operator=(const lockstep&) = delete;

  /// Does one operation, with all that its callbacks do, and compares.
  void step();
  /// Drops all handles and compares.
  void finish();

  /// Empty, or the first difference that was found.
  const std::string& difference() const { return difference_; }
  /// The operations so far, those of callbacks in brackets.
  const std::string& history() const { return history_; }

 private:
  static constexpr int background = reference_model::background;
  static constexpr int none = reference_model::none;

  // A handle and what it should be a handle to.
  struct context_slot {
    weir::context real;
    int model = background;
  };
  struct canceller_slot {
    weir::canceller real;
    int model = background;
  };
  struct function_slot {
    weir::cancel_function real;
    int model = background;
  };
  struct registration_slot {
    weir::done_registration real;
    int callback = none;
  };
  /// It keeps nothing: its context may be gone.
  struct stop_slot {
    std::stop_source real{std::nostopstate};
    int model = background;
    weir::cancel_cause cause{};
  };
  /// What renew() and retire() take.
  struct pair_slot {
    weir::cancellable real;
    int model = background;
  };
  class probe;

  std::size_t below(std::size_t limit) { return random_() % limit; }
  template <typename Slots>
  auto& any(Slots& slots) {
    return slots[below(slots.size())];
  }
  weir::cancel_cause any_cause();
  const context_slot& any_parent();
  void note(const char* operation) { history_ += std::string(" ") + operation; }
  void differ(const std::string& how) {
    if (difference_.empty()) difference_ = how;
  }

  // The operations.
  void derive();
  void derive_with_end();
  void cancel();
  void pass_on_canceller();
  void handle_contexts();
  void register_callback();
  void handle_registration();
  void renew();
  void retire();
  void wait();

  // Their parts.
  void put(weir::cancellable made, int model);
  void set(context_slot& slot, weir::context real, int model);
  void set(registration_slot& slot, weir::done_registration real, int callback);
  template <typename Cancel>
  void cancel_by(const Cancel& real, int model);
  template <typename Real>
  void end(int target, weir::cancel_cause cause, Real real);
  template <typename Real>
  void end(int target, weir::cancel_cause cause, Real real, const std::vector<int>& held);
  void ran(int callback);

  void compare();
  void compare(const weir::context& real, int model);
  void compare_values(const weir::context& real, int model);
  void compare_ids(const weir::context& real, int model);
  void compare_destruction();
  std::vector<int> handles() const;

  static constexpr int deepest = 3; // callbacks within callbacks that still do something

  std::mt19937 random_;
  const weir::context::time_point began_ = weir::context::clock::now();
  reference_model model_;
  std::array<context_slot, 10> contexts_;
  std::array<canceller_slot, 8> cancellers_;
  std::array<function_slot, 3> functions_;
  std::array<stop_slot, 2> stops_;
  std::array<registration_slot, 8> registrations_;
  std::array<pair_slot, 2> pairs_;
  std::vector<int> destroyed_; // how often each callback was
  int depth_ = 0;
  const std::uint64_t failures_before_ = weir::task_failures();
  std::uint64_t failures_ = 0; // of callbacks
  std::uint64_t numbers_ = 0;  // makes spans, values and texts differ
  std::string difference_, history_;
};

} // namespace weir_test
