// A program that crashes, and a log that has what came before.
//
//   build/release/examples/25_crash
//
// You will see on standard error all three lines, the last from just before the crash, and then what the shell says
// of a program that SIGSEGV has ended: the crash, its exit status and its core dump are what they are without weir.
#include <weir/log.hpp>

#include <csignal>

int main() {
  weir::flush_on_fatal_signals(); // once; the handlers that were there before still have their turn
  weir::logger& log = weir::default_logger();
  WEIR_INFO(log, "begins");
  WEIR_INFO(log, "goes well");
  WEIR_ERROR(log, "sees that {} is missing", "a piece");
  std::raise(SIGSEGV); // a fault, as one through a null pointer
}
