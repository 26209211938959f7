#include "statements.hpp"

#include "weir/log.hpp"

namespace {

template <class T>
void in_a_template(weir::logger& log, const T& value) {
  WEIR_INFO(log, "left out of a template: {}", value);
}

} // namespace

int log_above_and_below_the_floor(weir::logger& log) {
  int evaluated = 0;
  const auto argument = [&] { return ++evaluated; };
  WEIR_TRACE(log, "left out: trace {}", argument());
  WEIR_DEBUG(log, "left out: debug {}", argument(), weir::field<"left_out">("a field"));
  WEIR_INFO(log, "left out: info");
  WEIR_LOG(log, weir::level::info, "left out: chosen");
  WEIR_INFO_LIMITED(log, weir::once(), "left out: limited {}", argument());
  in_a_template(log, "text");
  WEIR_WARN(log, "kept: warn {}", argument());
  WEIR_ERROR_LIMITED(log, weir::once(), "kept: limited {}", argument());
  WEIR_CRITICAL(log, "kept: critical");
  log.info("kept: a function call");
  return evaluated;
}
