// How file sinks see that log files are to be opened anew.
#pragma once

namespace weir::detail {

/// How often reopen_log_files() has been called in this process. Thread-safe.
unsigned reopen_requests() noexcept;

} // namespace weir::detail
