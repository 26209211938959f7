#include "content_fields.hpp"

namespace weir::detail {

void erase_content_fields(boost::beast::http::fields& headers) {
  for (const char* const name : {// RFC 9110 section 8, RFC 6266, RFC 9530; Content-Length is the session's
                                 "Content-Type", "Content-Encoding", "Content-Language", "Content-Location",
                                 "Content-Disposition", "Content-Digest", "Repr-Digest", "ETag", "Last-Modified",
                                 // RFC 9110 section 14
                                 "Content-Range", "Accept-Ranges",
                                 // RFC 9110 section 10.2; Allow describes the target, whatever is answered
                                 "Location", "Retry-After",
                                 // RFC 9111 section 5, RFC 9213
                                 "Cache-Control", "CDN-Cache-Control", "Expires", "Age"})
    headers.erase(name);
}

} // namespace weir::detail
