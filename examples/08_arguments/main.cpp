// What can be logged, and how it looks: in the message, and as a field that keeps its type.
//
//   build/release/examples/08_arguments
//
// You will see five records twice: as text on standard error, as JSON on standard output. No header besides weir's
// is needed for any of it, and nothing that is logged has to outlive its statement.
#include <weir/log.hpp>
#include <weir/log/hex.hpp>
#include <weir/log/streamed.hpp>

#include <chrono>
#include <exception>
#include <filesystem>
#include <map>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

namespace shop {

enum class status { open = 1, paid = 2 };

/// With a formatter: it is used, at the call.
struct customer {
  std::string name, card;
};

/// Its bytes may be copied, so its formatter runs on the log's own thread.
struct money {
  long cents;
};

/// Somebody else's, with nothing but an operator<<.
struct legacy_id {
  int value;
};
std::ostream& operator<<(std::ostream& out, const legacy_id& id) { return out << '#' << id.value; }

} // namespace shop

template <>
struct fmt::formatter<shop::customer> : fmt::formatter<fmt::string_view> {
  auto format(const shop::customer& c, fmt::format_context& context) const {
    return fmt::format_to(context.out(), "{} (card …{})", c.name, c.card.substr(c.card.size() - 4));
  }
};

template <>
struct fmt::formatter<shop::money> : fmt::formatter<fmt::string_view> {
  auto format(const shop::money& m, fmt::format_context& context) const {
    return fmt::format_to(context.out(), "{}.{:02} EUR", m.cents / 100, m.cents % 100);
  }
};
template <>
inline constexpr bool weir::copy_safe<shop::money> = true;

namespace {

void charge() {
  try {
    throw std::system_error(std::make_error_code(std::errc::timed_out), "connect to bank");
  } catch (...) {
    std::throw_with_nested(std::runtime_error("payment failed"));
  }
}

void log_all(weir::logger& log) {
  using weir::field;
  using namespace std::chrono_literals;

  const std::vector<int> amounts{2, 1};
  const std::map<std::string, double> prices{{"pear", 0.5}, {"plum", 0.25}};
  const std::optional<std::string> coupon;
  WEIR_INFO(log, "order of {} at {}, coupon {}", amounts, prices, coupon, field<"amounts">(amounts),
            field<"prices">(prices), field<"coupon">(coupon));

  const shop::customer who{"Ada", "4111111111111234"};
  WEIR_INFO(log, "{} owes {:>8}, status {}", who, shop::money{75}, shop::status::open, field<"owes">(shop::money{75}),
            field<"status">(shop::status::open));

  const std::filesystem::path invoice("/srv/invoices/1.pdf");
  const std::error_code error = std::make_error_code(std::errc::no_such_file_or_directory);
  WEIR_WARN(log, "{}: {} after {}", invoice, error, 1500ms, field<"path">(invoice), field<"took">(1500ms));

  try {
    charge();
  } catch (const std::exception& failure) {
    WEIR_ERROR(log, "order {}: {}", weir::streamed(shop::legacy_id{7}), failure);
  }

  const std::string reply("\x15\x03\x01\x00\x02\x02\x28", 7);
  WEIR_DEBUG(log, "the bank said {}", weir::hex(reply), field<"bytes">(reply.size()));
}

} // namespace

int main() {
  weir::log_stream stream({.sinks = {weir::console_sink(weir::console_stream::error),
                                     weir::console_sink(weir::console_stream::output, weir::as_json())}});
  weir::logger& log = stream.get_logger("shop");
  log.set_threshold(weir::level::debug);
  log_all(log);
}
