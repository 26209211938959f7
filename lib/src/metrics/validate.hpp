// The rules of the Prometheus data model, as exceptions that name what breaks them.
#pragma once

#include "weir/metrics/snapshot.hpp"

#include <span>
#include <string>
#include <vector>

namespace weir::detail {

/// Name, help, labels and bounds of a family that is about to be registered.
/// Errors: std::invalid_argument.
void validate_family(const family_snapshot& family);

/// Not empty, finite, growing. Errors: std::invalid_argument.
void validate_bounds(std::span<const double> bounds);

/// The names under which a family and its samples appear on a page.
std::vector<std::string> exposed_names(const family_snapshot& family);

/// These, and the one with `_created` that OpenMetrics keeps free for it; no two families may share one.
std::vector<std::string> reserved_names(const family_snapshot& family);

} // namespace weir::detail
