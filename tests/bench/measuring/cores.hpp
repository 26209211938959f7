// Which thread runs on which core.
#pragma once

namespace bench {

/// The measured thread has a core to itself; every thread that a subject starts has the other one.
enum class role { producer, backend };

/// Moves the calling thread, and the threads it starts from now on, to the first (producer) or second (backend) of
/// the cores that the process may use; on a machine with one core both are the same. Errors: std::system_error.
void pin(role which);
/// Takes that back: the calling thread, and those it starts from now on, may run on any of the cores that the process
/// had when it first called pin(). Errors: std::system_error.
void unpin();

} // namespace bench
