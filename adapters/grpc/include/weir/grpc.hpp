// weir::grpc's front door: gRPC servers whose calls are observed, and calls that carry a context on.
#pragma once

#include "weir/grpc/outgoing.hpp"
#include "weir/grpc/server.hpp"
