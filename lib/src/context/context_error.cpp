#include "weir/context/context_error.hpp"

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

// A union's member is not destroyed with it: codes are compared by this address until the very end of the process.
union immortal {
  constexpr immortal() noexcept : value() {}
  ~immortal() {}
  category value;
};

constinit immortal the_category;

} // namespace

const std::error_category& context_category() noexcept { return the_category.value; }

} // namespace weir
