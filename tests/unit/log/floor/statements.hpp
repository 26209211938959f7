// Statements compiled with -DWEIR_LOG_FLOOR=warn.
#pragma once

#include "weir/log/logger.hpp"

/// Logs at every level, in every form; returns how many arguments were evaluated.
int log_above_and_below_the_floor(weir::logger& log);
