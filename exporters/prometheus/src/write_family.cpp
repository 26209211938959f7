// Weir's own families as lines of a page.
#include "page_writer.hpp"

#include <array>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

namespace weir::detail {
namespace {

// Opens the braces if there is a label to put in and says whether it did.
bool write_labels(page_writer& page, const family_snapshot& family, const series_snapshot& series) {
  bool opened = false;
  for (std::size_t i = 0; i < family.label_names.size(); ++i) {
    if (series.label_values[i].empty()) continue;
    page << (opened ? ',' : '{') << family.label_names[i] << "=\"";
    opened = true;
    page.escaped(series.label_values[i]);
    page << '"';
  }
  return opened;
}

// Name and labels, up to the value.
void begin_sample(page_writer& page, const family_snapshot& family, const series_snapshot& series,
                  std::string_view suffix) {
  page << family.name << suffix;
  if (write_labels(page, family, series)) page << '}';
  page << ' ';
}

/// A callback may give anything; what is no number, or happened before 1970, no request was.
bool can_be_shown(const exemplar& of) noexcept {
  return of.exists() && !std::isnan(of.value) && of.time.time_since_epoch().count() >= 0;
}

void write_histogram(page_writer& page, const family_snapshot& family, const series_snapshot& series,
                     const std::vector<std::string>& le_labels) {
  const histogram_value& value = series.histogram;
  // Everything up to the bound is the same in all lines of the series.
  const std::size_t start = page.size();
  page << family.name << "_bucket";
  page << (write_labels(page, family, series) ? ',' : '{');
  const std::string prefix = page.cut(start);
  for (std::size_t i = 0; i < le_labels.size(); ++i) {
    page << prefix << le_labels[i];
    page.number(value.cumulative[i]);
    if (page.format() == dialect::openmetrics && !value.exemplars.empty() && can_be_shown(value.exemplars[i]))
      page.add(value.exemplars[i]);
    page << '\n';
  }
  if (!has_totals(page.format(), family.bounds.front(), value.sum)) return;
  begin_sample(page, family, series, "_sum");
  page.number(value.sum);
  page << '\n';
  begin_sample(page, family, series, "_count");
  page.number(value.count());
  page << '\n';
}

} // namespace

void write_family(page_writer& page, const family_snapshot& family) {
  if (family.series.empty()) return;
  static constexpr std::array<std::string_view, 3> types{"counter", "gauge", "histogram"};
  std::string_view name = family.name;
  if (family.type == metric_type::counter && page.format() == dialect::openmetrics)
    name.remove_suffix(std::string_view("_total").size());
  page.metadata(name, types[static_cast<std::size_t>(family.type)], family.help);

  if (family.type == metric_type::histogram) {
    std::vector<std::string> le_labels;
    for (const double bound : family.bounds) le_labels.push_back("le=\"" + canonical_bound(bound) + "\"} ");
    le_labels.emplace_back("le=\"+Inf\"} ");
    for (const series_snapshot& series : family.series) write_histogram(page, family, series, le_labels);
    return;
  }
  for (const series_snapshot& series : family.series) {
    begin_sample(page, family, series, "");
    page.number(series.value);
    page << '\n';
  }
}

std::size_t estimated_size(const family_snapshot& family, dialect format) noexcept {
  constexpr std::size_t value = 24, le = 16, punctuation = 4;
  // ` # {trace_id="",span_id=""} ` with its ids, a value and a time
  constexpr std::size_t exemplar_size = 76 + value + 14;
  std::size_t names = family.name.size() + std::string_view("_bucket").size() + value;
  for (const std::string& name : family.label_names) names += name.size() + punctuation;
  const bool histogram = family.type == metric_type::histogram;
  const std::size_t lines = histogram ? family.bounds.size() + 3 : 1;

  std::size_t total = 3 * (family.name.size() + family.help.size() + 32);
  for (const series_snapshot& series : family.series) {
    std::size_t line = names + (histogram ? le : 0);
    for (const std::string& each : series.label_values) line += each.size();
    total += line * lines;
    if (format == dialect::openmetrics) total += exemplar_size * series.histogram.exemplars.size();
  }
  return total;
}

} // namespace weir::detail
