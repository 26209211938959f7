// What a pattern's flags make of a record.
#pragma once

#include "log/line_writer.hpp"
#include "weir/log/level.hpp"

#include <cstdint>
#include <string_view>

namespace weir {
class record;
}

namespace weir::detail {

/// Whether what the flag makes depends on level and logger only, so that it can be kept.
bool belongs_to_head(char flag) noexcept;

/// One of those, but for `%^` and `%$`, which make nothing.
void append_head_flag(text_buffer& out, char flag, level severity, std::string_view logger);

/// A flag for something else that the record itself holds, or the process's number. Throws what
/// record::append_message() does.
void write_record_flag(line_writer& out, char flag, const record& entry);

void append_number(line_writer& out, std::uint64_t value);

} // namespace weir::detail
