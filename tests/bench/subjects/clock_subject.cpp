// What the others are compared with: the cost of measuring alone, and that of one time stamp.
#include "subjects/subject.hpp"

#include <weir/log/clock.hpp>

namespace bench {

namespace {

/// Nothing between the two readings of the clock.
class empty final : public subject {
 public:
  call_samples time_calls(call_shape, const call_timing& timing) override {
    return timing.run([](std::uint64_t i) { keep(i); });
  }
  void log_lines(std::uint64_t, std::uint64_t) override {}
  void finish() override {}
};

/// One reading of the clock that records are stamped with. Below the level no clock is read: there it is `empty`.
class clock final : public subject {
 public:
  call_samples time_calls(call_shape shape, const call_timing& timing) override {
    if (shape == call_shape::below_level) return empty().time_calls(shape, timing);
    return timing.run([](std::uint64_t) { keep(weir::detail::record_clock_now()); });
  }
  void log_lines(std::uint64_t, std::uint64_t) override {}
  void finish() override {}
};

const subject_registration empty_registered("empty", [](const std::string&, layout) -> std::unique_ptr<subject> {
  return std::make_unique<empty>();
});
const subject_registration clock_registered("clock", [](const std::string&, layout) -> std::unique_ptr<subject> {
  return std::make_unique<clock>();
});

} // namespace

} // namespace bench
