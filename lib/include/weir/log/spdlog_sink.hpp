// Any spdlog sink as a sink.
#pragma once

#include "weir/log/sink.hpp"

#include <memory>

namespace spdlog::sinks {
class sink;
}

namespace weir {

namespace detail {
/// True on a thread while it hands a record of weir's to a spdlog sink, so that a way back can be noticed.
inline constinit thread_local bool inside_spdlog_sink = false;
} // namespace detail

/// Any spdlog sink (Debian's spdlog 1.10): syslog, systemd, tcp, … It gets level, logger name, time, source position
/// and the message with fields and ids behind it, all of it escaped as for lines of text, and formats with its own
/// pattern. What it logs to spdlog meanwhile does not come back through a spdlog_bridge (weir::spdlog).
/// Cost: spdlog's own per record, on the backend thread. Throws std::invalid_argument if `target` is null.
std::shared_ptr<sink> spdlog_sink(std::shared_ptr<spdlog::sinks::sink> target);

} // namespace weir
