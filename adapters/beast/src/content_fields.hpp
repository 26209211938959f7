// Which header fields go out with whatever is sent in place of what a handler has prepared.
#pragma once

#include <boost/beast/http/fields.hpp>

namespace weir::detail {

/// Leaves those that are about the server, and not about one content: see http_response::clear_content().
void erase_content_fields(boost::beast::http::fields& headers);

} // namespace weir::detail
