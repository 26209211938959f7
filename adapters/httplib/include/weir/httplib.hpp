// weir::httplib's front door: cpp-httplib servers whose requests are observed.
#pragma once

#include "weir/httplib/server.hpp"
