// The null sink: records that nobody wants.
#pragma once

#include "weir/log/sink.hpp"

#include <memory>

namespace weir {

/// Takes every record and renders none: for a program whose log is switched off, and to measure what the way to the
/// sinks costs.
std::shared_ptr<sink> null_sink();

} // namespace weir
