// How a metric is declared: its name, what it means, its labels, its buckets.
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <stdexcept>
#include <string_view>

namespace weir {

/// The names of a family's labels, at most 16. Refers to the text it was made of, which for names is a literal.
class label_names {
 public:
  static constexpr std::size_t max_count = 16;

  constexpr label_names() = default;
  /// Errors: std::invalid_argument for more than 16.
  constexpr label_names(std::initializer_list<std::string_view> names) {
    if (names.size() > max_count) throw std::invalid_argument("weir: a metric has more than 16 labels");
    for (const std::string_view name : names) names_[count_++] = name;
  }

  constexpr const std::string_view* begin() const noexcept { return names_.data(); }
  constexpr const std::string_view* end() const noexcept { return names_.data() + count_; }
  constexpr std::size_t size() const noexcept { return count_; }

 private:
  std::array<std::string_view, max_count> names_{};
  std::size_t count_ = 0;
};

/// A metric of each kind as one declares it; metrics_registry::add() copies all of it.
///
/// `name`: `[a-zA-Z_:][a-zA-Z0-9_:]*`, in base units (`_seconds`, `_bytes`); a counter's ends in `_total`, no other
/// does. `help`: one sentence, not empty. `labels`: `[a-zA-Z_][a-zA-Z0-9_]*`, no name twice, none beginning with two
/// underscores, and for a histogram none called `le`. `open_label`: empty (default) or one of `labels`, whose values
/// the program does not bound. In a full family (family_options::max_series) it alone becomes `_overflow` in further
/// series, and the others still tell these apart; where it is empty, all become.
/// Source: the Prometheus data model; OpenMetrics 1.0 for the suffix of counters.
struct counter_description {
  std::string_view name;
  std::string_view help;
  label_names labels{};
  std::string_view open_label{};
};

struct gauge_description {
  std::string_view name;
  std::string_view help;
  label_names labels{};
  std::string_view open_label{};
};

struct histogram_description {
  std::string_view name;
  std::string_view help;
  label_names labels{};
  /// Upper bounds of the buckets, inclusive, finite, growing; +Inf is added. Not empty.
  std::span<const double> bounds{};
  std::string_view open_label{};
};

} // namespace weir
