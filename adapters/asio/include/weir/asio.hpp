// Contexts and the log in Asio programs: the adapter's front door.
#pragma once

#include "weir/asio/ambient_executor.hpp"
#include "weir/asio/bind_ambient.hpp"
#include "weir/asio/gather.hpp"
#include "weir/asio/idle.hpp"
#include "weir/asio/run_polling.hpp"
#include "weir/asio/sleep.hpp"
#include "weir/asio/slot_link.hpp"
#include "weir/asio/spawn.hpp"
#include "weir/asio/synced.hpp"
#include "weir/asio/under.hpp"
