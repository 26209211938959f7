// Families that prometheus-cpp collects, as lines of weir's page.
#pragma once

#include "page_writer.hpp"

#include <prometheus/metric_family.h>

#include <string>
#include <vector>

namespace weir::detail {

/// Adds the family to the page; one without series leaves no trace. Label values and help texts that are not valid
/// UTF-8 are repaired. In OpenMetrics a counter whose name does not end in `_total` is of type unknown: its samples
/// would have to get another name than in the other format.
void write_collected(page_writer& page, const ::prometheus::MetricFamily& family);

/// The names under which its samples and its description appear, or in that format may appear, on a page; no two
/// families may share one. Errors: std::bad_alloc.
std::vector<std::string> exposed_names(const ::prometheus::MetricFamily& family, dialect format);

/// Whether the names of the family and of all its labels are such that Prometheus takes the page.
bool has_valid_names(const ::prometheus::MetricFamily& family) noexcept;

} // namespace weir::detail
