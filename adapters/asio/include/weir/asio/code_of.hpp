// The error code of what Asio's operations throw.
#pragma once

#include "weir/context/task_failure.hpp"

#include <boost/asio/multiple_exceptions.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <exception>
#include <string_view>
#include <system_error>

namespace weir::detail {

/// Whether `code` says that an operation on a channel was cancelled, which has a code of its own for it. By name and
/// value, so that the experimental header is not needed where there are no channels.
inline bool is_cancelled_channel(const boost::system::error_code& code) noexcept {
  constexpr int channel_cancelled = 2;
  return code.value() == channel_cancelled && std::string_view(code.category().name()) == "asio.channel";
}

/// error_code_of() for Asio's exceptions, too: Boost 1.81's system_error is not the standard library's; when both
/// sides of `a() && b()` or `a() || b()` throw, Asio keeps one of the exceptions, and its code counts; and a
/// cancelled channel's is operation_canceled. Thread-safe. Cost: as error_code_of(), for each exception within
/// another.
inline std::error_code code_of(const std::exception_ptr& error) noexcept {
  try {
    if (error) std::rethrow_exception(error);
  } catch (const boost::system::system_error& thrown) {
    if (is_cancelled_channel(thrown.code())) return std::make_error_code(std::errc::operation_canceled);
    return thrown.code();
  } catch (const boost::asio::multiple_exceptions& thrown) {
    return code_of(thrown.first_exception());
  } catch (...) {
    return error_code_of(error);
  }
  return {};
}

} // namespace weir::detail
