// Which header fields belong to one content, and not to whatever is sent in its place.
#pragma once

#include <boost/beast/http/fields.hpp>

namespace weir::detail {

/// Those that describe a content, or how long it may be kept, or go with its status: see
/// http_response::clear_content().
void erase_content_fields(boost::beast::http::fields& headers);

} // namespace weir::detail
