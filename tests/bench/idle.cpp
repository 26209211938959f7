// A process for others to look at: first linked with one library only, then with one logger that has logged one line.
//
//   idle_weir --subject weir --file /dev/shm/idle.log
//
// It prints `linked`, goes on when a line comes on its standard input, logs, prints `idle`, and ends with the input.
#include "measuring/options.hpp"
#include "subjects/subject.hpp"

#include <unistd.h>

#include <cstdio>
#include <exception>
#include <string_view>

namespace {

/// Without stdio's buffers, which would count. Returns false at the end of the input.
bool wait_for_a_line() {
  char c = 0;
  while (::read(STDIN_FILENO, &c, 1) == 1)
    if (c == '\n') return true;
  return false;
}

void say(std::string_view word) {
  if (::write(STDOUT_FILENO, word.data(), word.size()) != static_cast<ssize_t>(word.size())) ::_exit(1);
}

void run(const bench::options& options) {
  const std::string& path = options.text("--file");
  say("linked\n");
  if (!wait_for_a_line()) return;
  std::remove(path.c_str());
  const auto subject = bench::open_subject_anywhere(options.text("--subject"), path);
  subject->log_lines(0, 1);
  say("idle\n");
  wait_for_a_line();
  std::remove(path.c_str());
}

} // namespace

int main(int count, char** words) {
  try {
    run({count, words, {{"--subject", "weir"}, {"--file", "idle.log"}}});
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "idle: %s\n", error.what());
    return 1;
  }
}
