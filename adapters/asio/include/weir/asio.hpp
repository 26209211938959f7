// Contexts and the log in Asio programs: the adapter's front door.
#pragma once

#include "weir/asio/ambient_executor.hpp"
#include "weir/asio/bind_ambient.hpp"
#include "weir/asio/sleep.hpp"
#include "weir/asio/synced.hpp"
#include "weir/asio/under.hpp"
