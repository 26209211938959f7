// Pages, and the answer to a scrape.
#include "weir/prometheus/exposition.hpp"

#include "gzip.hpp"
#include "metrics/validate.hpp"
#include "negotiation.hpp"
#include "page_writer.hpp"
#include "write_collected.hpp"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <algorithm>
#include <cstddef>
#include <new>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace weir {
namespace {

using detail::dialect;

/// Less is not worth the trouble: an answer fits into one packet either way.
constexpr std::size_t least_to_compress = 1024;

/// With room for all of them: growing would copy the page, several times, and have the kernel give it new memory.
detail::page_writer write_families(std::span<const family_snapshot> families, dialect format) {
  std::size_t size = 64;
  for (const family_snapshot& family : families) size += detail::estimated_size(family, format);
  detail::page_writer page(format);
  page.reserve(size);
  for (const family_snapshot& family : families) detail::write_family(page, family);
  return page;
}

std::vector<::prometheus::MetricFamily> collect(const ::prometheus::Collectable& other) {
  try {
    return other.Collect();
  } catch (const std::bad_alloc&) {
    throw;
  } catch (...) {
    return {}; // weir's own metrics are worth having without it
  }
}

std::string render(const metrics_registry& registry, dialect format,
                   std::span<const ::prometheus::Collectable* const> others) {
  const std::vector<family_snapshot> families = registry.collect();
  detail::page_writer page = write_families(families, format);
  if (others.empty()) return page.finish();

  std::set<std::string, std::less<>> taken;
  for (const family_snapshot& family : families) {
    if (family.series.empty()) continue;
    const std::vector<std::string> names =
        format == dialect::openmetrics ? detail::reserved_names(family) : detail::exposed_names(family);
    taken.insert(names.begin(), names.end());
  }
  for (const ::prometheus::Collectable* const other : others) {
    for (const ::prometheus::MetricFamily& family : collect(*other)) {
      if (family.metric.empty() || !detail::has_valid_names(family)) continue;
      const std::vector<std::string> names = detail::exposed_names(family, format);
      if (std::ranges::any_of(names, [&](const std::string& name) { return taken.contains(name); })) continue;
      taken.insert(names.begin(), names.end());
      detail::write_collected(page, family);
    }
  }
  return page.finish();
}

} // namespace

std::string render_prometheus_text(std::span<const family_snapshot> families) {
  return write_families(families, dialect::text).finish();
}

std::string render_prometheus_text(const metrics_registry& registry) {
  return render_prometheus_text(registry.collect());
}

std::string render_openmetrics(std::span<const family_snapshot> families) {
  return write_families(families, dialect::openmetrics).finish();
}

std::string render_openmetrics(const metrics_registry& registry) { return render_openmetrics(registry.collect()); }

scrape_response make_scrape_response(const metrics_registry& registry, const scrape_request& request,
                                     const std::vector<const ::prometheus::Collectable*>& others) {
  const detail::exposition_format format = detail::negotiate(request.accept);
  scrape_response response{
      .content_type = std::string(detail::content_type(format)),
      .content_encoding = {},
      .body = render(registry, format == detail::exposition_format::text_0_0_4 ? dialect::text : dialect::openmetrics,
                     others)};
  if (response.body.size() >= least_to_compress && detail::prefers_gzip(request.accept_encoding)) {
    if (std::optional<std::string> compressed = detail::gzip(response.body)) {
      response.body = *std::move(compressed);
      response.content_encoding = "gzip";
    }
  }
  return response;
}

} // namespace weir
