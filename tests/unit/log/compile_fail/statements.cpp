// One statement for each case of CMakeLists.txt.
#if defined(CASE_wrong_below_the_floor)
#define WEIR_LOG_FLOOR warn
#elif defined(CASE_no_such_floor)
#define WEIR_LOG_FLOOR loud
#endif

#include "weir/log.hpp"

#include <string>

struct opaque {};

void statements(weir::logger& log, int number, [[maybe_unused]] int* pointer, [[maybe_unused]] const char* text) {
  WEIR_INFO(log, "{} {}", number, "text", weir::field<"key">(number));
  log.info("{} {}", number, "text", weir::field<"key">(number));
  WEIR_INFO_LIMITED(log, weir::every_n(10), "{} {}", number, "text", weir::field<"key">(number));
#if defined(CASE_too_few_arguments)
  WEIR_INFO(log, "{} {}", number);
#elif defined(CASE_too_few_arguments_function)
  log.info("{} {}", number);
#elif defined(CASE_unmatched_brace)
  WEIR_INFO(log, "} {}", number);
#elif defined(CASE_specification_of_another_type)
  WEIR_INFO(log, "{:d}", "text");
#elif defined(CASE_specification_of_another_type_function)
  log.info("{:d}", "text");
#elif defined(CASE_named_argument)
  WEIR_INFO(log, "{name}", number);
#elif defined(CASE_pointer_to_int)
  WEIR_INFO(log, "{}", pointer);
#elif defined(CASE_type_without_formatter)
  WEIR_INFO(log, "{}", opaque{});
#elif defined(CASE_reserved_key)
  WEIR_INFO(log, "text", weir::field<"trace_id">(number));
#elif defined(CASE_key_with_space)
  WEIR_INFO(log, "text", weir::field<"a key">(number));
#elif defined(CASE_key_twice)
  WEIR_INFO(log, "text", weir::field<"key">(number), weir::field<"key">(2));
#elif defined(CASE_field_before_argument)
  WEIR_INFO(log, "{}", weir::field<"key">(number), number);
#elif defined(CASE_level_off)
  WEIR_LOG(log, weir::level::off, "text");
#elif defined(CASE_wrong_below_the_floor)
  WEIR_INFO(log, "{} {}", number);
#elif defined(CASE_limit_out_of_range)
  WEIR_INFO_LIMITED(log, weir::every_n(0), "text");
#elif defined(CASE_limit_not_constant)
  WEIR_INFO_LIMITED(log, weir::every_n(static_cast<unsigned>(number)), "text");
#elif defined(CASE_key_of_the_limit)
  WEIR_INFO_LIMITED(log, weir::once(), "text", weir::field<"suppressed">(number));
#elif defined(CASE_format_at_run_time)
  log.info(text, number);
#endif
}
