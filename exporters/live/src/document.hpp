// The document, put together by the build from the files in page/; see embed.cmake.
#pragma once

#include <string_view>

namespace weir::detail {

extern const std::string_view live_document;
/// Its Content-Security-Policy, with the hashes of what it has inline.
extern const std::string_view live_document_policy;

} // namespace weir::detail
