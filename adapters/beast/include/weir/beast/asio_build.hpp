// How Asio waits where this is compiled: part of the names of the constructors of server, client, scope and watch, so
// that a program which is compiled with other macros than weir::beast does not link, where it would hang.
#pragma once

#include <boost/asio/detail/config.hpp>

#if defined(BOOST_ASIO_HAS_IO_URING_AS_DEFAULT)
#define WEIR_ASIO_BUILD "asio_on_io_uring"
#elif defined(BOOST_ASIO_HAS_EPOLL) && defined(BOOST_ASIO_HAS_IO_URING)
#define WEIR_ASIO_BUILD "asio_on_epoll_and_io_uring"
#elif defined(BOOST_ASIO_HAS_EPOLL) && defined(BOOST_ASIO_HAS_THREADS)
#define WEIR_ASIO_BUILD "asio_on_epoll"
#elif defined(BOOST_ASIO_HAS_EPOLL)
#define WEIR_ASIO_BUILD "asio_on_epoll_without_threads"
#else
#define WEIR_ASIO_BUILD "asio_on_select"
#endif
