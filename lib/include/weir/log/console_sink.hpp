// The console: standard output or standard error, coloured where somebody looks at it.
#pragma once

#include "weir/log/renderer.hpp"
#include "weir/log/sink.hpp"

#include <cstdint>
#include <memory>

namespace weir {

enum class console_stream : std::uint8_t { output, error };

enum class console_colour : std::uint8_t {
  automatic, ///< when the stream is a terminal, TERM names one that is not "dumb", and NO_COLOR is not set (or empty)
  always,    ///< also into pipes and files
  never,
};

struct console_options {
  console_stream stream = console_stream::error;
  /// Whether the level of a line is coloured: trace grey, debug cyan, info green, warn yellow, error red, critical
  /// white on red. Where the renderer does not write the level's name near its line's begin, the line is. A pattern
  /// says itself what is coloured; JSON, logfmt and access lines never are, that programs can read them.
  console_colour colour = console_colour::automatic;
};

/// Standard output or standard error. A closed pipe is an error of the sink's and no signal, whether the process
/// ignores SIGPIPE or not: the threads that write block it. A pipe that nobody empties is waited for, also where
/// another process that has it, too (a shell's, Node's) has made it non-blocking; what may not wait belongs
/// on_own_thread().
///
/// Lines stay whole. A file on a device that is full is cut back to its last whole line; where that cannot be done,
/// the next line begins behind a line feed. Several processes may have one pipe: lines that have no more than
/// PIPE_BUF bytes (4096 on Linux), line feed included, stay whole, and longer ones may have another's amid them.
///
/// Whether the stream is a terminal is looked up batch by batch: redirected later, it gets no escape codes. Errors:
/// throws std::invalid_argument if the renderer is null or an option is none of its enumerators.
std::shared_ptr<sink> console_sink(console_options options, std::unique_ptr<renderer> renderer = as_text());
std::shared_ptr<sink> console_sink(console_stream stream = console_stream::error,
                                   std::unique_ptr<renderer> renderer = as_text());

} // namespace weir
