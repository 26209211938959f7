// The shortest program with a log: three lines through the background writer.
//
//   build/release/examples/01_hello
//
// You will see three lines on standard error: a message, one with a typed field, and a warning. They are written by
// the log's own thread; main() only hands them over, and the process's exit waits for them.
#include <weir/log.hpp>

int main() {
  weir::logger& log = weir::default_logger();
  WEIR_INFO(log, "hello from {}", "weir");
  WEIR_INFO(log, "counted", weir::field<"sheep">(3));
  WEIR_WARN(log, "{:.1f} % of the day is over", 99.5);
}
