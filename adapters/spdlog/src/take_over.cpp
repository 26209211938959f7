#include "weir/spdlog/take_over.hpp"

#include <spdlog/async_logger.h>
#include <spdlog/spdlog.h>

#include <vector>

namespace weir {

namespace {

void replace(const std::shared_ptr<spdlog::logger>& old, std::shared_ptr<spdlog::logger> by) {
  if (spdlog::default_logger() == old) return spdlog::set_default_logger(std::move(by));
  spdlog::drop(old->name());
  spdlog::register_logger(std::move(by));
}

} // namespace

std::shared_ptr<spdlog_bridge> take_over_spdlog(log_stream& stream) {
  const auto bridge = std::make_shared<spdlog_bridge>(stream);
  std::vector<std::shared_ptr<spdlog::logger>> queued;
  spdlog::apply_all([&](const std::shared_ptr<spdlog::logger>& each) { // under the registry's lock
    if (dynamic_cast<const spdlog::async_logger*>(each.get()) != nullptr)
      queued.push_back(each);
    else
      each->sinks().assign(1, bridge);
  });
  for (const auto& each : queued) {
    auto direct = std::make_shared<spdlog::logger>(*each); // a copy of the base class, which has all of its settings
    direct->sinks().assign(1, bridge);
    replace(each, std::move(direct));
  }
  return bridge;
}

std::shared_ptr<spdlog::logger> make_spdlog_logger(std::string name, log_stream& stream) {
  auto made = std::make_shared<spdlog::logger>(std::move(name), std::make_shared<spdlog_bridge>(stream));
  spdlog::initialize_logger(made);
  return made;
}

} // namespace weir
