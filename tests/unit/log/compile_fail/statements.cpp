// One statement for each case of CMakeLists.txt.
#if defined(CASE_wrong_below_the_floor)
#define WEIR_LOG_FLOOR warn
#elif defined(CASE_no_such_floor)
#define WEIR_LOG_FLOOR loud
#endif

#include "weir/log.hpp"
#include "weir/log/hex.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <vector>

struct opaque {};
struct padded {
  char small;
  int large;
};
struct only_streams {
  friend std::ostream& operator<<(std::ostream& out, const only_streams&) { return out; }
};
enum class color { red };

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
#elif defined(CASE_unmatched_brace_function)
  log.info("} {}", number);
#elif defined(CASE_open_brace)
  WEIR_INFO(log, "{", number);
#elif defined(CASE_open_brace_function)
  log.info("{", number);
#elif defined(CASE_specification_of_another_type)
  WEIR_INFO(log, "{:d}", "text");
#elif defined(CASE_specification_of_another_type_function)
  log.info("{:d}", "text");
#elif defined(CASE_specification_of_a_structure)
  WEIR_INFO(log, "{:d}", std::vector{1});
#elif defined(CASE_specification_of_an_enumeration_function)
  log.info("{:s}", color::red);
#elif defined(CASE_width_of_another_type)
  WEIR_INFO(log, "{:{}}", number, "text");
#elif defined(CASE_width_of_another_type_function)
  log.info("{:{}}", number, "text");
#elif defined(CASE_width_missing)
  WEIR_INFO(log, "{:{}}", number);
#elif defined(CASE_numbered_and_not)
  WEIR_INFO(log, "{0} {}", number, number);
#elif defined(CASE_numbered_and_not_function)
  log.info("{0} {}", number, number);
#elif defined(CASE_number_too_large)
  WEIR_INFO(log, "{1}", number);
#elif defined(CASE_named_argument)
  WEIR_INFO(log, "{name}", number);
#elif defined(CASE_pointer_to_int)
  WEIR_INFO(log, "{}", pointer);
#elif defined(CASE_pointer_to_int_function)
  log.info("{}", pointer);
#elif defined(CASE_pointer_in_field)
  log.info("text", weir::field<"key">(pointer));
#elif defined(CASE_pointer_in_container)
  log.info("{}", std::vector<int*>{pointer});
#elif defined(CASE_pointer_to_function)
  log.info("{}", &statements);
#elif defined(CASE_type_without_formatter)
  WEIR_INFO(log, "{}", opaque{});
#elif defined(CASE_type_without_formatter_function)
  log.info("{}", opaque{});
#elif defined(CASE_type_without_formatter_in_field)
  log.info("text", weir::field<"key">(opaque{}));
#elif defined(CASE_type_without_formatter_in_container)
  log.info("{}", std::vector<opaque>(1));
#elif defined(CASE_type_that_only_streams)
  log.info("{}", only_streams{});
#elif defined(CASE_smart_pointer)
  log.info("{}", std::make_unique<int>(1));
#elif defined(CASE_wide_string)
  WEIR_INFO(log, "{}", std::wstring(L"text"));
#elif defined(CASE_wide_literal_function)
  log.info("{}", L"text");
#elif defined(CASE_wide_character)
  log.info("{}", U'c');
#elif defined(CASE_wide_string_in_field)
  log.info("text", weir::field<"key">(std::u16string_view(u"text")));
#elif defined(CASE_wide_string_in_optional)
  log.info("{}", std::optional<std::wstring>());
#elif defined(CASE_time_point)
  log.info("{}", std::chrono::system_clock::now());
#elif defined(CASE_specification_of_a_duration)
  WEIR_INFO(log, "{:%S}", std::chrono::seconds(1));
#elif defined(CASE_specification_of_a_duration_function)
  log.info("{:>9%Q}", std::chrono::seconds(1));
#elif defined(CASE_hex_of_padding)
  log.info("{}", weir::hex(std::vector<padded>(1)));
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
