// Writes both text formats, which differ in little more than the order and names of their metadata.
#include "weir/prometheus/exposition.hpp"

#include "negotiation.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace weir {
namespace {

enum class dialect : std::uint8_t { text, openmetrics };

// The largest power of two below which every whole number is a double.
constexpr double exact_integers = 9007199254740992.0;

class page {
 public:
  explicit page(dialect format) : format_(format) {}

  void add(const family_snapshot& family) {
    if (family.series.empty()) return;
    add_metadata(family);
    if (family.type == metric_type::histogram) {
      add_histograms(family);
      return;
    }
    for (const series_snapshot& series : family.series) {
      text_ += family.name;
      if (add_labels(family, series)) text_ += '}';
      text_ += ' ';
      add_number(series.value);
      text_ += '\n';
    }
  }

  std::string finish() {
    if (format_ == dialect::openmetrics) text_ += "# EOF\n";
    return std::move(text_);
  }

 private:
  // In the order that each format recommends.
  void add_metadata(const family_snapshot& family) {
    std::string_view name = family.name;
    if (format_ == dialect::text) {
      add_help(name, family.help, false);
      add_type(name, family.type);
      return;
    }
    if (family.type == metric_type::counter) name.remove_suffix(std::string_view("_total").size());
    add_type(name, family.type);
    for (const std::string_view unit : {"seconds", "bytes"}) {
      if (name.ends_with(unit) && name.size() > unit.size() && name[name.size() - unit.size() - 1] == '_')
        text_.append("# UNIT ").append(name).append(1, ' ').append(unit).append(1, '\n');
    }
    add_help(name, family.help, true);
  }

  void add_help(std::string_view name, std::string_view help, bool escape_quotes) {
    text_.append("# HELP ").append(name).append(1, ' ');
    add_escaped(help, escape_quotes);
    text_ += '\n';
  }

  void add_type(std::string_view name, metric_type type) {
    static constexpr std::array<std::string_view, 3> types{" counter\n", " gauge\n", " histogram\n"};
    text_.append("# TYPE ").append(name).append(types[static_cast<std::size_t>(type)]);
  }

  void add_histograms(const family_snapshot& family) {
    std::vector<std::string> le_labels;
    for (const double bound : family.bounds) le_labels.push_back("le=\"" + canonical(bound) + "\"} ");
    le_labels.emplace_back("le=\"+Inf\"} ");

    for (const series_snapshot& series : family.series) {
      // Everything up to the bound is the same in all lines of the series.
      const std::size_t start = text_.size();
      text_.append(family.name).append("_bucket");
      text_ += add_labels(family, series) ? ',' : '{';
      const std::string prefix = text_.substr(start);
      text_.resize(start);
      for (std::size_t i = 0; i < le_labels.size(); ++i) {
        text_.append(prefix).append(le_labels[i]);
        add_integer(series.histogram.cumulative[i]);
        text_ += '\n';
      }
      add_summary_line(family, series, "_sum");
      add_number(series.histogram.sum);
      text_ += '\n';
      add_summary_line(family, series, "_count");
      add_integer(series.histogram.count());
      text_ += '\n';
    }
  }

  void add_summary_line(const family_snapshot& family, const series_snapshot& series, std::string_view suffix) {
    text_.append(family.name).append(suffix);
    if (add_labels(family, series)) text_ += '}';
    text_ += ' ';
  }

  // Opens the braces if there is a label to put in and says whether it did.
  bool add_labels(const family_snapshot& family, const series_snapshot& series) {
    bool opened = false;
    for (std::size_t i = 0; i < family.label_names.size(); ++i) {
      if (series.label_values[i].empty()) continue;
      text_ += opened ? ',' : '{';
      opened = true;
      text_.append(family.label_names[i]).append("=\"");
      add_escaped(series.label_values[i], true);
      text_ += '"';
    }
    return opened;
  }

  void add_escaped(std::string_view text, bool quotes) {
    for (const char c : text) {
      if (c == '\\') {
        text_ += "\\\\";
      } else if (c == '\n') {
        text_ += "\\n";
      } else if (c == '"' && quotes) {
        text_ += "\\\"";
      } else {
        text_ += c;
      }
    }
  }

  void add_integer(std::uint64_t value) {
    std::array<char, 24> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    text_.append(digits.data(), end);
  }

  void add_number(double value) {
    if (std::isnan(value)) {
      text_ += "NaN";
    } else if (std::isinf(value)) {
      text_ += value > 0 ? "+Inf" : "-Inf";
    } else if (value >= 0 && value < exact_integers && value == std::floor(value)) {
      // The same number, but easier to read than its shortest form, which for a million is 1e+06.
      add_integer(static_cast<std::uint64_t>(value));
    } else {
      std::array<char, 32> digits;
      const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
      text_.append(digits.data(), end);
    }
  }

  // OpenMetrics 1.0.0, "Considerations: Canonical Numbers": what %g would print, as short as reads back the same,
  // and marked as floating point.
  static std::string canonical(double bound) {
    std::array<char, 32> digits;
    const auto end =
        std::to_chars(digits.data(), digits.data() + digits.size(), bound, std::chars_format::general).ptr;
    std::string text(digits.data(), end);
    if (text.find_first_of(".e") == std::string::npos) text += ".0";
    return text;
  }

  const dialect format_;
  std::string text_;
};

std::string render(std::span<const family_snapshot> families, dialect format) {
  page result(format);
  for (const family_snapshot& family : families) result.add(family);
  return result.finish();
}

} // namespace

std::string render_prometheus_text(std::span<const family_snapshot> families) {
  return render(families, dialect::text);
}

std::string render_prometheus_text(const metrics_registry& registry) {
  return render_prometheus_text(registry.collect());
}

std::string render_openmetrics(std::span<const family_snapshot> families) {
  return render(families, dialect::openmetrics);
}

std::string render_openmetrics(const metrics_registry& registry) { return render_openmetrics(registry.collect()); }

scrape_response make_scrape_response(const metrics_registry& registry, std::string_view accept_header) {
  const detail::exposition_format format = detail::negotiate(accept_header);
  return {std::string(detail::content_type(format)), format == detail::exposition_format::text_0_0_4
                                                         ? render_prometheus_text(registry)
                                                         : render_openmetrics(registry)};
}

} // namespace weir
