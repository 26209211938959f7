// Runs a command by the shell and gives its status and standard output.
#pragma once

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <stdexcept>
#include <string>

struct program_result {
  int status = -1; // the exit status; 128 + n after signal n
  std::string output;
};

inline program_result run_program(const std::string& command) {
  std::FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("popen " + command);
  program_result result;
  std::array<char, 4096> block;
  while (const std::size_t n = std::fread(block.data(), 1, block.size(), pipe)) result.output.append(block.data(), n);
  const int status = ::pclose(pipe);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

inline bool is_installed(const std::string& program) {
  return run_program("command -v " + program + " >/dev/null 2>&1").status == 0;
}
