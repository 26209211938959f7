// What a statement's limit holds back is told by the log some seconds after the last call, though nothing else
// happens.
#include "weir/log.hpp"

#include <chrono>
#include <cstdio>
#include <future>
#include <string>

int main() {
  std::promise<std::string> said;
  auto line = said.get_future();
  weir::log_stream stream({.sinks = {weir::callback_sink([&](const weir::record& entry) {
                             if (entry.logger_name() != "weir") return;
                             weir::text_buffer message;
                             entry.append_message(message, weir::field_style::text);
                             said.set_value({message.data(), message.size()});
                           })}});
  weir::logger& log = stream.get_logger("l");
  for (int i = 0; i < 4; ++i) WEIR_INFO_LIMITED(log, weir::rate_limit(1, std::chrono::hours(1)), "x");
  if (line.wait_for(std::chrono::seconds(60)) != std::future_status::ready) {
    std::puts("nothing was said in a minute");
    return 1;
  }
  const std::string text = line.get();
  std::puts(text.c_str());
  return text.starts_with("3 records suppressed since the last one of held_back.cpp:") ? 0 : 1;
}
