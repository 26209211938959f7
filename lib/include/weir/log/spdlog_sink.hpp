// Any spdlog sink as a sink.
#pragma once

#include "weir/log/sink.hpp"

#include <memory>

namespace spdlog::sinks {
class sink;
}

namespace weir {

/// Any spdlog sink (Debian's spdlog 1.10): syslog, systemd, tcp, … It gets level, logger name, time, source position
/// and the message with fields and ids behind it, and formats with its own pattern.
/// Cost: spdlog's own per record, on the backend thread. Throws std::invalid_argument if `target` is null.
std::shared_ptr<sink> spdlog_sink(std::shared_ptr<spdlog::sinks::sink> target);

} // namespace weir
