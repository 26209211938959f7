// The set-up lines that lead a program's spdlog loggers into a stream.
#pragma once

#include "weir/spdlog/bridge.hpp"

#include <memory>
#include <string>

namespace spdlog {
class logger;
}

namespace weir {

/// Leads spdlog's default logger and all that are registered now into `stream`, in place of the sinks they have,
/// which are released. Names, levels, flush levels, error handlers and backtraces stay. What an object of the program
/// holds a pointer to stays in use, with one exception: an asynchronous logger is replaced in the registry by a
/// synchronous one, since behind its queue the thread's context is lost; pointers to it that the program has got
/// before go on writing where they did. Loggers that are registered later are not led anywhere: make them with
/// make_spdlog_logger() or as clones of one that is.
/// Result: the bridge, one for all, for further loggers' sinks. Throws std::bad_alloc.
/// Thread safety: spdlog's loggers may not be in use meanwhile: it is for the program's beginning.
std::shared_ptr<spdlog_bridge> take_over_spdlog(log_stream& stream = default_log());

/// A new logger of spdlog's that logs into `stream` alone, set up as spdlog's own factories do: it gets the global
/// level, or that of its name from SPDLOG_LEVEL, the flush level and error handler, and is registered. Throws
/// spdlog::spdlog_ex if spdlog has a logger of that name, std::bad_alloc. Thread-safe.
std::shared_ptr<spdlog::logger> make_spdlog_logger(std::string name, log_stream& stream = default_log());

} // namespace weir
