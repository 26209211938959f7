// The log room's front door.
#pragma once

#include "weir/log/callback_sink.hpp"
#include "weir/log/console_sink.hpp"
#include "weir/log/field.hpp"
#include "weir/log/file_sink.hpp"
#include "weir/log/level.hpp"
#include "weir/log/log_durably.hpp"
#include "weir/log/logger.hpp"
#include "weir/log/macros.hpp"
#include "weir/log/memory_sink.hpp"
#include "weir/log/null_sink.hpp"
#include "weir/log/record.hpp"
#include "weir/log/renderer.hpp"
#include "weir/log/reopen.hpp"
#include "weir/log/sink.hpp"
#include "weir/log/spdlog_sink.hpp"
#include "weir/log/stream.hpp"
