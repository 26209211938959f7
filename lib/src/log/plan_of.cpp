// Where plans are kept: with the call site if a statement has one of its own, otherwise in a table.
#include "log/message_plan.hpp"

#include <fmt/format.h>

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

namespace weir::detail {

constinit const call_site text_site{
    .rendered = true, .located = true, .positioned = true, .arguments = argument_types<std::string_view>};

namespace {

/// Of a record that carries its rendered message.
constexpr std::string_view message_only = "{}";

/// What a format says that is refused only now: that of a type's own formatter, say, of which the compiler was shown
/// another.
std::string refused(std::string_view format, const char* why) {
  std::string text;
  for (const std::string_view part :
       {std::string_view("[could not be formatted: "), std::string_view(why), std::string_view("] "), format})
    for (const char c : part) text.append(c == '{' || c == '}' ? 2 : 1, c);
  return text;
}

message_plan plan_for(std::string_view format, std::span<const argument_type> arguments) {
  try {
    return {format, arguments};
  } catch (const fmt::format_error& error) {
    return {refused(format, error.what()), arguments};
  }
}

const message_plan& own_plan(const call_site& site) {
  // acquire: as in plan_of().
  if (const message_plan* const made = site.plan.load(std::memory_order_acquire)) return *made;
  auto fresh =
      std::make_unique<const message_plan>(plan_for(site.rendered ? message_only : site.format, site.arguments));
  const message_plan* first = nullptr;
  // release: pairs with the acquire in plan_of(), publishes the plan; acquire: another stream's backend may have been
  // faster.
  if (site.plan.compare_exchange_strong(first, fresh.get(), std::memory_order_release, std::memory_order_acquire))
    return *fresh.release(); // for the process's life, like the call site
  return *first;
}

/// What tells located records apart: both are constants of the program or of a shared library, so their addresses do.
struct format_and_types {
  const char* format;
  std::size_t size;
  const argument_type* types;
  friend bool operator==(const format_and_types&, const format_and_types&) = default;
};
struct address_hash {
  std::size_t operator()(const format_and_types& key) const noexcept {
    return std::hash<const void*>()(key.format) * 31 + std::hash<const void*>()(key.types);
  }
};

const message_plan& table_plan(const call_text& text, const call_site& site) {
  // One for each thread that renders: there is mostly one, and no lock. A literal is never freed, so an address means
  // the same format for ever.
  thread_local std::unordered_map<format_and_types, const message_plan, address_hash> plans;
  const std::string_view format = site.rendered ? message_only : std::string_view(text.format, text.format_size);
  const format_and_types key{format.data(), format.size(), site.arguments.data()};
  if (const auto found = plans.find(key); found != plans.end()) return found->second;
  return plans.try_emplace(key, plan_for(format, site.arguments)).first->second;
}

/// Of a positioned record; moves `at` behind it.
source_position read_position(const std::byte*& at) noexcept {
  source_position position;
  position.line = codec<std::uint32_t>::read(at);
  at += sizeof(std::uint32_t);
  for (std::string_view* const text : {&position.file, &position.function}) {
    *text = codec<std::string_view>::read(at);
    at += codec<std::string_view>::size(*text);
  }
  return position;
}

} // namespace

const message_plan& find_plan(const call_site& site, const std::byte*& arguments) {
  if (!site.located) return own_plan(site);
  if (site.positioned) {
    read_position(arguments);
    return own_plan(site);
  }
  const auto text = codec<call_text>::read(arguments);
  arguments += sizeof(call_text);
  return table_plan(text, site);
}

source_position position_of(const call_site& site, const std::byte* arguments) noexcept {
  if (!site.located) return {site.file, site.line, site.function};
  if (site.positioned) return read_position(arguments);
  const auto text = codec<call_text>::read(arguments);
  return {text.file, text.line, text.function};
}

} // namespace weir::detail
