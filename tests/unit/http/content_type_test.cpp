// How a file presents itself.
#include "weir/http/content_type.hpp"

#include <catch2/catch.hpp>

TEST_CASE("content type: by the extension, in any case", "[http][files]") {
  CHECK(weir::content_type_of("a.html") == "text/html; charset=utf-8");
  CHECK(weir::content_type_of("a.b/c.JPEG") == "image/jpeg");
  CHECK(weir::content_type_of("a.tar.gz") == "application/gzip");
  for (const char* name : {"", "a", "html", ".html", "a.", "a.htmlx", "a.h", "x.html/a", "a.bin", "a.html "}) {
    INFO(name);
    CHECK(weir::content_type_of(name) == "application/octet-stream");
  }
}

TEST_CASE("disposition: a name is quoted, and sent as UTF-8 where it is not plain (RFC 6266)", "[http][files]") {
  CHECK(weir::attachment_disposition("a b;c.txt") == "attachment; filename=\"a b;c.txt\"");
  CHECK(weir::attachment_disposition("dir/a.txt") == "attachment; filename=\"a.txt\"");
  CHECK(weir::attachment_disposition("\xe2\x82\xac rates") ==
        "attachment; filename=\"___ rates\"; filename*=UTF-8''%E2%82%AC%20rates");
  CHECK(weir::attachment_disposition("a\"\r\nSet-Cookie: x%41\\") ==
        "attachment; filename=\"a___Set-Cookie: x_41_\"; filename*=UTF-8''a%22%0D%0ASet-Cookie%3A%20x%2541%5C");
}
