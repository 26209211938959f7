#include "weir/context/context_error.hpp"

#include "context/immortal.hpp"

#include <string>

namespace weir {
namespace {

class category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "weir.context"; }

  std::string message(int code) const override {
    switch (static_cast<context_errc>(code)) {
    case context_errc::canceled:
      return "context canceled";
    case context_errc::deadline_exceeded:
      return "context deadline exceeded";
    }
    return "unknown context error";
  }

  std::error_condition default_error_condition(int code) const noexcept override {
    switch (static_cast<context_errc>(code)) {
    case context_errc::canceled:
      return std::errc::operation_canceled;
    case context_errc::deadline_exceeded:
      return std::errc::timed_out;
    }
    return {code, *this};
  }
};

// Codes are compared by its address until the very end of the process.
constinit detail::immortal<category> the_category;

} // namespace

const std::error_category& context_category() noexcept { return the_category.object; }

} // namespace weir
