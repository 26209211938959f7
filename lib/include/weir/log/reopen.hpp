// Opening log files anew on request: for logrotate's postrotate scripts and other signals.
#pragma once

namespace weir {

/// Asks every file sink of the process to open its path anew before it writes its next record. What is logged after
/// the call is not in the old file; a process that logs nothing keeps that open, and loses nothing by it. With
/// logrotate's `compress`, which begins when `postrotate` has sent the signal, only a write that is then under way
/// can be too late for the copy; `delaycompress` leaves no such moment. Thread-safe and async-signal-safe: to be
/// called from a program's own signal handler. Cost: one atomic increment.
void reopen_log_files() noexcept;

/// Installs a handler that calls reopen_log_files() whenever `signal` arrives, SIGHUP as a rule, and then the handler
/// that was installed before, if any. A default action (which would end the process) is replaced, an ignored signal
/// is no longer ignored. Whoever installs another handler later has to call reopen_log_files() from it, or to go on
/// to ours. Idempotent; thread-safe. Errors: throws std::invalid_argument for a number that is no signal, cannot be
/// caught, or means a fault of the program (SIGSEGV and its kin); std::logic_error if ours has been replaced since.
void reopen_log_files_on(int signal);

} // namespace weir
