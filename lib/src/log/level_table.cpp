#include "log/level_table.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace weir::detail {

void level_table::set(const level_rule& rule) {
  if (rule.threshold > level::off)
    throw std::invalid_argument(fmt::format("logger \"{}\" is given level {}: there is none", rule.logger,
                                            static_cast<int>(*rule.threshold)));
  if (rule.logger.empty())
    of_stream_ = rule.threshold.value_or(of_stream_);
  else if (rule.threshold)
    own_.insert_or_assign(std::string(rule.logger), *rule.threshold);
  else if (const auto found = own_.find(rule.logger); found != own_.end())
    own_.erase(found);
}

level level_table::of(std::string_view logger) const noexcept {
  for (; !logger.empty(); logger = parent_name(logger))
    if (const auto found = own_.find(logger); found != own_.end()) return found->second;
  return of_stream_;
}

std::string level_table::text() const {
  std::string all(to_string_view(of_stream_));
  for (const auto& [logger, own] : own_) all += fmt::format(",{}={}", logger, to_string_view(own));
  return all;
}

} // namespace weir::detail
