// The same records as text by a pattern, as logfmt, and as JSON.
//
//   build/release/examples/09_renderers
//
// You will see each record three times on standard output. The second holds what somebody would write who wants to
// forge lines or to paint the operator's terminal: it stays one line in each form, and readers of logfmt and JSON get
// back what was logged. A pattern with a mistake is refused when it is read, with the mistake's place.
#include <weir/log.hpp>

#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace {

void serve(weir::logger& log, std::string_view agent) {
  WEIR_INFO(log, "GET {} served", "/index.html", weir::field<"bytes">(5120), weir::field<"seconds">(0.25),
            weir::field<"agent">(agent));
}

void run() {
  // Memory, so that the three can be shown one below the other; each sink takes any renderer.
  const auto by_pattern = weir::memory_sink({}, weir::as_text("[%H:%M:%S.%e] [%^%-8l%$] %n %s:%# %!: %v"));
  const auto logfmt = weir::memory_sink({}, weir::as_logfmt());
  const auto json = weir::memory_sink({}, weir::as_json());

  weir::log_stream stream({.sinks = {by_pattern, logfmt, json}});
  weir::logger& log = stream.get_logger("http.server");
  const weir::correlation ids{0x4bf92f3577b34da6, 0xa3ce929d0e0e4736, 0x00f067aa0ba902b7}; // a request's, as a rule
  weir::current_correlation = &ids;
  serve(log, "curl/7.88");
  weir::current_correlation = nullptr;
  serve(log, "\"x\"\n[12:00:00.000] [critical] \x1b[31mforged");
  stream.flush();

  for (std::size_t i = 0; i < 2; ++i)
    for (const auto& sink : {by_pattern, logfmt, json}) std::printf("%s\n", sink->snapshot().at(i).c_str());
}

} // namespace

int main() {
  try {
    run();
    weir::as_text("%H:%M:%Q %v");
  } catch (const std::exception& error) {
    std::printf("%s\n", error.what());
  }
}
