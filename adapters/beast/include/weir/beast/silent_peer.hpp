// Peers that fall silent: noticed by the kernel, which is asked for it here.
#pragma once

#include <chrono>

namespace weir {

/// Has the kernel break a TCP connection whose peer, for `limit`, acknowledges nothing of what is sent to it, or has
/// no room for it, be it that it acknowledges the probes for room (TCP_USER_TIMEOUT, RFC 5482), or, while nothing is
/// sent, answers no probe that asks whether it is there (keep-alive, in steps of whole seconds). Operations then fail
/// with ETIMEDOUT, and the client watch sees it: the request is cancelled with client_reset, in whichever phase.
/// `limit`: 100 ms to 1 h. Lowering it breaks connections over shorter outages of the network, and those of clients
/// that stop reading for a shorter time, as a paused download does; and it sends a probe to each idle one in half of
/// it. Errors: throws std::invalid_argument naming a limit out of range; std::system_error if the kernel refuses.
/// Thread-safe. For a session of your own: `limit_silence(socket.native_handle(), 30s)`.
void limit_silence(int descriptor, std::chrono::milliseconds limit);

} // namespace weir
