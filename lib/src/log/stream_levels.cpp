// A stream's levels: where they come from, and how they reach its loggers.
#include "log/escape.hpp"
#include "log/level_table.hpp"
#include "log/stream_core.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <cstdlib>
#include <list>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace weir {

namespace detail {

namespace {

std::string complaint(std::string_view source, std::string_view part) {
  text_buffer safe; // whoever sets an environment or asks for levels is not always a friend
  append_escaped(safe, part, field_style::text);
  return fmt::format("{}: \"{}\" is neither a level nor logger=level; levels are trace, debug, info, warn, error, "
                     "critical, off and, for loggers, inherit; rules have commas between them, and names no blank, "
                     "';' or '*'",
                     source, std::string_view(safe.data(), safe.size()));
}

parsed_level_rules checked_rules(std::string_view source, std::string_view text) {
  parsed_level_rules parsed = parse_level_rules(text);
  if (!parsed) throw std::invalid_argument(complaint(source, parsed.refused.front()));
  return parsed;
}

void set_all(level_table& levels, std::span<const level_rule> rules) {
  for (const level_rule& each : rules) levels.set(each);
}

} // namespace

level_table initial_levels(const log_options& options) {
  level_table levels(options.threshold);
  set_all(levels, checked_rules("log_options.levels", options.levels).rules);
  const std::string& variable = options.levels_variable;
  const char* const text = variable.empty() ? nullptr : std::getenv(variable.c_str());
  if (text == nullptr) return levels;
  const auto parsed = parse_level_rules(text);
  set_all(levels, parsed.rules);
  for (const std::string_view part : parsed.refused) {
    const std::string line = "weir: " + complaint(variable, part) + '\n';
    // If standard error is gone there is nobody to tell.
    [[maybe_unused]] const auto ignored = ::write(STDERR_FILENO, line.data(), line.size());
  }
  return levels;
}

void stream_core::change_levels(std::span<const level_rule> rules) {
  const std::lock_guard lock(registry.mutex);
  level_table changed = registry.levels;
  set_all(changed, rules);
  registry.levels = std::move(changed); // nothing throws from here on
  const auto resolve = [this](logger& each) { set_levels_of(each); };
  for (auto& [name, each] : registry.loggers) resolve(each.front);
  for (logger* const each : registry.bound) resolve(*each);
}

void stream_core::set_levels_of(logger& one) noexcept {
  const level threshold = registry.levels.of(one.name());
  const bool is_recorded = recorder != nullptr && threshold != level::off;
  const level looked_at = is_recorded ? std::min(threshold, recorder->options().lowest) : threshold;
  // relaxed, both: a threshold orders nothing.
  one.source_.written_from.store(threshold, std::memory_order_relaxed);
  one.looks_from_.store(looked_at, std::memory_order_relaxed);
}

std::list<logger*>::iterator stream_core::follow_levels(logger& bound) {
  const std::lock_guard lock(registry.mutex);
  const auto place = registry.bound.insert(registry.bound.end(), &bound);
  set_levels_of(bound);
  return place;
}

} // namespace detail

void logger::set_threshold(weir::level lowest) {
  const level_rule own{.logger = name(), .threshold = lowest};
  static_cast<detail::stream_core*>(source_.stream)->change_levels({&own, 1});
}

void logger::inherit_threshold() {
  const level_rule none{.logger = name(), .threshold = std::nullopt};
  static_cast<detail::stream_core*>(source_.stream)->change_levels({&none, 1});
}

std::shared_ptr<const void> bound_logger::follow_levels() {
  auto core = std::static_pointer_cast<detail::stream_core>(source_.stream->shared_from_this());
  const auto place = core->follow_levels(*this);
  const auto leave = [core = std::move(core), place](const void*) {
    const std::lock_guard lock(core->registry.mutex);
    core->registry.bound.erase(place);
  };
  return {this, leave};
}

void log_stream::set_levels(std::string_view rules) {
  core_->change_levels(detail::checked_rules("levels", rules).rules);
}

void log_stream::set_levels(std::span<const level_rule> rules) { core_->change_levels(rules); }

std::string log_stream::levels() const {
  const std::lock_guard lock(core_->registry.mutex);
  return core_->registry.levels.text();
}

} // namespace weir
