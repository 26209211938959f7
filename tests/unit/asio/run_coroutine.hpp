// Runs a coroutine to its end on an io_context of its own.
#pragma once

#include <exception>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace weir_test {

/// Rethrows what the coroutine throws. Never await inside of a CHECK: Catch names its expression twice, and so the
/// coroutine would do it twice.
inline void run_coroutine(boost::asio::io_context& io, boost::asio::awaitable<void> work) {
  std::exception_ptr error;
  boost::asio::co_spawn(io, std::move(work), [&](std::exception_ptr thrown) { error = std::move(thrown); });
  io.run();
  io.restart();
  if (error) std::rethrow_exception(error);
}

} // namespace weir_test
