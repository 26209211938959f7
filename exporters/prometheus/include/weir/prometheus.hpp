// The Prometheus exporter's front door.
#pragma once

#include "weir/prometheus/collectable.hpp"
#include "weir/prometheus/exposition.hpp"
