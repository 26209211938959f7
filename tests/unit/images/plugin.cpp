#include "plugin.hpp"

namespace plugin {

void log(weir::logger& to, int number) { WEIR_INFO(to, "plug-in {}", number); }

void log_by_call(weir::logger& to, int number) { to.info("call {}", number); }

void log_text(weir::logger& to, std::string_view text) {
  to.log_text(weir::level::warn, text, {.file = "plugin.cpp", .line = 7, .function = "log_text"});
}

void count(weir::counter& in, std::uint64_t times) {
  for (std::uint64_t i = 0; i < times; ++i) in.add();
}

void observe(weir::histogram& in, std::uint64_t times) {
  for (std::uint64_t i = 0; i < times; ++i) in.observe(1.0);
}

weir::counter& make_counter(weir::metrics_registry& in) {
  return in.add(weir::counter_description{.name = "of_plugin_total", .help = "Made by the plug-in."}).with();
}

weir::cancellable within(const weir::context& parent, std::chrono::milliseconds limit) {
  return weir::with_timeout(parent, limit);
}

} // namespace plugin
