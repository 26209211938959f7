// What makes a file's bytes last: its data, and its name.
#pragma once

#include <filesystem>
#include <system_error>

namespace weir::detail {

/// fdatasync(2). A descriptor that has no disk (a pipe, a terminal, a device) is no error. Not tried again after an
/// error: the kernel may have given up the pages that it could not write, and the next call would succeed without
/// them.
std::error_code sync_data(int descriptor) noexcept;

/// Makes the directory entry of `path` durable, which a new file's fdatasync does not promise (fsync(2), notes).
/// To be called once after creating a file. Throws std::bad_alloc.
std::error_code sync_directory_of(const std::filesystem::path& path);

} // namespace weir::detail
