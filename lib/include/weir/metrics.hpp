// Metrics: counters, gauges and histograms that cost a busy core nothing shared, summed when they are scraped.
#pragma once

#include "weir/metrics/bounds.hpp"
#include "weir/metrics/callback.hpp"
#include "weir/metrics/counter.hpp"
#include "weir/metrics/description.hpp"
#include "weir/metrics/family.hpp"
#include "weir/metrics/gauge.hpp"
#include "weir/metrics/histogram.hpp"
#include "weir/metrics/names.hpp"
#include "weir/metrics/registry.hpp"
#include "weir/metrics/snapshot.hpp"
