#include "weir/context/group_result.hpp"

#include "weir/context/context_error.hpp"

#include <utility>

namespace weir {

namespace {

std::string what(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& thrown) {
    return thrown.what();
  } catch (...) {
    return "unknown exception";
  }
}

std::string describe(const group_result& of) {
  std::string text;
  for (const failed_task& each : of.failures) {
    if (!text.empty()) text += "; ";
    text += each.task + ": " + what(each.error);
  }
  if (of.failed > of.failures.size()) text += "; and " + std::to_string(of.failed - of.failures.size()) + " more";
  return text;
}

} // namespace

group_error::group_error(group_result of)
    : std::runtime_error(describe(of)), result_(std::make_shared<const group_result>(std::move(of))) {}

void group_result::throw_if_failed() const {
  if (!failures.empty()) throw group_error(*this);
  if (canceled == 0) return;
  // Of a task with a context of its own, that may have ended while the group's goes on.
  throw std::system_error(error ? error : make_error_code(context_errc::canceled), "weir::task_group");
}

} // namespace weir
