// A shared library of the tests' own, which has its own copy of weir, as the program has.
#pragma once

#include <weir/context.hpp>
#include <weir/log.hpp>
#include <weir/metrics.hpp>

#include <chrono>
#include <cstdint>
#include <string_view>

/// What the plug-in exports. It hides all else, weir's own included.
namespace plugin {

[[gnu::visibility("default")]] void log(weir::logger& to, int number);
[[gnu::visibility("default")]] void log_by_call(weir::logger& to, int number);
[[gnu::visibility("default")]] void log_text(weir::logger& to, std::string_view text);
[[gnu::visibility("default")]] void count(weir::counter& in, std::uint64_t times);
[[gnu::visibility("default")]] void observe(weir::histogram& in, std::uint64_t times);
[[gnu::visibility("default")]] weir::counter& make_counter(weir::metrics_registry& in);
[[gnu::visibility("default")]] weir::cancellable within(const weir::context& parent, std::chrono::milliseconds limit);

} // namespace plugin
