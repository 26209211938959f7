// How a file presents itself: its media type, and the name it is to be saved under.
#pragma once

#include <string>
#include <string_view>

namespace weir {

/// The media type that goes with the extension of `name`, in any case: of what is common on the web, with UTF-8 for
/// text; `application/octet-stream` for others. Points to a literal; thread-safe; allocates nothing.
std::string_view content_type_of(std::string_view name) noexcept;

/// The value of Content-Disposition that makes a browser save a file, under the last segment of `name`, instead of
/// showing it. A name that is not plain ASCII is sent as UTF-8 (filename*), and with `_` for the rest to those who do
/// not know that. Errors: std::bad_alloc. Source: RFC 6266, section 4, and RFC 8187, section 3.2.
std::string attachment_disposition(std::string_view name);

} // namespace weir
