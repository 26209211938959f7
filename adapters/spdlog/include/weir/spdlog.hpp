// The spdlog adapter's front door.
#pragma once

#include "weir/spdlog/bridge.hpp"
#include "weir/spdlog/take_over.hpp"
