// The live page's front door.
#pragma once

#include "weir/live/page.hpp"
#include "weir/live/viewer.hpp"
